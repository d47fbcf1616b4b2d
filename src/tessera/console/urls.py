"""Every address of the console. All but the first few begin with the organization."""

from django.urls import URLPattern, URLResolver, include, path

from tessera.console import (
    affiliations,
    archiving,
    branding,
    bulk,
    check,
    clock,
    companies,
    company,
    customer,
    customers,
    danger,
    embedding,
    events,
    find,
    granting,
    histories,
    home,
    jobs,
    keys,
    matrix,
    membership,
    membership_list,
    memberships,
    merging,
    notes,
    organization,
    pasting,
    permissions,
    pictures,
    plan,
    plans,
    positions,
    saved_views,
    settings,
    signin,
    undo,
    unlinking,
    webhook,
    webhook_delivery,
    webhooks,
)
from tessera.console.verbs import VERBS
from tessera.files.types import Kind

app_name = "console"


def _notes(kind: str) -> list[URLPattern]:
    views = notes.views(kind)
    return [
        path("/<str:ref>/notes/new", views["write"], name=f"{kind}_note_write"),
        *(
            path(f"/<str:ref>/notes/<str:note_ref>/{what}", views[what], name=f"{kind}_note_{what}")
            for what in ("edit", "pin", "delete")
        ),
    ]


_customers: list[URLPattern] = [
    path("", customers.index, name="customers"),
    path("/new", customers.new, name="customer_new"),
    path("/tags", customers.tags, name="customer_tags"),
    path("/bulk/assign", bulk.assign, name="bulk_assign"),
    path("/bulk/tag", bulk.tag, name="bulk_tag"),
    path("/bulk/untag", bulk.untag, name="bulk_untag"),
    path("/<str:ref>", customer.profile, name="customer"),
    path("/<str:ref>/edit", customer.edit, name="customer_edit"),
    path("/<str:ref>/photo", pictures.customer, name="customer_photo"),
    path("/<str:ref>/ban", customer.ban, name="customer_ban"),
    path("/<str:ref>/lift-ban", customer.lift_ban, name="customer_lift_ban"),
    path("/<str:ref>/assign", granting.to_customer, name="customer_assign"),
    path("/<str:ref>/link", affiliations.link_to_company, name="customer_link"),
    path("/<str:ref>/timeline", histories.of_customer, name="customer_timeline"),
    path("/<str:ref>/archive", archiving.archive_customer, name="customer_archive"),
    path("/<str:ref>/restore", archiving.restore_customer, name="customer_restore"),
    path("/<str:ref>/merge", merging.page, name="customer_merge"),
    *_notes("customer"),
]
_companies: list[URLPattern] = [
    path("", companies.index, name="companies"),
    path("/new", companies.new, name="company_new"),
    path("/<str:ref>", company.profile, name="company"),
    path("/<str:ref>/edit", companies.edit, name="company_edit"),
    path("/<str:ref>/logo", pictures.company, name="company_logo_change"),
    path("/<str:ref>/assign", granting.to_company, name="company_assign"),
    path("/<str:ref>/link", affiliations.link_customer, name="company_link"),
    path("/<str:ref>/paste", pasting.page, name="company_paste"),
    path("/<str:ref>/unlink", unlinking.unlink_several, name="unlink_several"),
    path("/<str:ref>/people/<str:customer_ref>/unlink", unlinking.unlink, name="unlink"),
    path("/<str:ref>/people/<str:customer_ref>/edit", positions.edit, name="position"),
    path("/<str:ref>/timeline", histories.of_company, name="company_timeline"),
    path("/<str:ref>/archive", archiving.archive_company, name="company_archive"),
    path("/<str:ref>/restore", archiving.restore_company, name="company_restore"),
    *_notes("company"),
]
_memberships: list[URLPattern] = [
    path("", membership_list.index, name="memberships"),
    path("/approvals", membership_list.approvals, name="approvals"),
    path("/<str:ref>", membership.profile, name="membership"),
    *(path(f"/<str:ref>/{verb.name}", memberships.page_of(verb), name=f"membership_{verb.name}") for verb in VERBS),
]
_plans: list[URLPattern] = [
    path("", plans.index, name="plans"),
    path("/new", plans.new, name="plan_new"),
    path("/matrix", matrix.page, name="matrix"),
    path("/matrix/review", matrix.review, name="matrix_review"),
    path("/matrix/save", matrix.save, name="matrix_save"),
    path("/permissions", permissions.index, name="permissions"),
    path("/permissions/new", permissions.new, name="permission_new"),
    path("/permissions/<str:key>/edit", permissions.edit, name="permission_edit"),
    path("/permissions/<str:key>/delete", permissions.delete, name="permission_delete"),
    path("/<str:ref>", plan.profile, name="plan"),
    path("/<str:ref>/edit", plan.edit, name="plan_edit"),
    path("/<str:ref>/add-price", plan.add_price, name="price_new"),
    path("/<str:ref>/prices/<str:price_ref>/offer", plan.retire_price, name="price_offer"),
    path("/<str:ref>/archive", plan.archive, name="plan_archive"),
    path("/<str:ref>/restore", plan.restore, name="plan_restore"),
]
_jobs: list[URLPattern] = [
    path("", jobs.index, name="jobs"),
    path("/<str:ref>/again", jobs.again, name="job_again"),
    path("/<str:ref>/drop", jobs.drop, name="job_drop"),
]
_webhooks: list[URLPattern] = [
    path("", webhooks.index, name="webhooks"),
    path("/new", webhooks.new, name="webhook_new"),
    path("/<str:ref>", webhook.profile, name="webhook"),
    path("/<str:ref>/edit", webhooks.edit, name="webhook_edit"),
    path("/<str:ref>/test", webhook.test, name="webhook_test"),
    path("/<str:ref>/new-secret", webhook.rotate, name="webhook_rotate"),
    path("/<str:ref>/replay", webhook.replay, name="webhook_replay"),
    path("/<str:ref>/enable", webhook.enable, name="webhook_enable"),
    path("/<str:ref>/disable", webhook.disable, name="webhook_disable"),
    path("/<str:ref>/delete", webhook.delete, name="webhook_delete"),
    path("/<str:ref>/deliveries/<str:delivery_ref>", webhook_delivery.profile, name="webhook_delivery"),
    path("/<str:ref>/deliveries/<str:delivery_ref>/replay", webhook_delivery.replay, name="webhook_delivery_replay"),
]

_settings: list[URLPattern | URLResolver] = [
    path("", settings.index, name="settings"),
    path("/organization", organization.organization, name="organization"),
    path("/branding", branding.page, name="branding"),
    path("/branding/logo", pictures.organization, name="logo_change"),
    path("/branding/preview", branding.preview, name="branding_preview"),
    path("/branding/preview/<str:colour>.css", branding.preview_style, name="branding_style"),
    path("/policy", organization.policy, name="policy"),
    path("/policy/example", organization.policy_example, name="policy_example"),
    path("/keys", keys.index, name="keys"),
    path("/keys/new", keys.new, name="key_new"),
    path("/keys/<str:ref>/revoke", keys.revoke, name="key_revoke"),
    path("/embedding", embedding.page, name="embedding"),
    path("/embedding/test", embedding.issuer_test, name="issuer_test"),
    path("/embedding/new", embedding.issuer_new, name="issuer_new"),
    path("/embedding/<str:ref>/edit", embedding.issuer_edit, name="issuer_edit"),
    path("/embedding/<str:ref>/switch", embedding.issuer_switch, name="issuer_switch"),
    path("/embedding/<str:ref>/forget", embedding.issuer_forget, name="issuer_forget"),
    path("/clock", clock.page, name="clock"),
    path("/clock/progress", clock.progress, name="clock_progress"),
    path("/danger", danger.index, name="danger"),
    path("/danger/address", danger.address, name="danger_address"),
    path("/danger/keys", danger.revoke_keys, name="danger_keys"),
    path("/danger/sign-out", danger.sign_out_all, name="danger_sign_out"),
    path("/danger/delete", danger.delete, name="danger_delete"),
    path("/webhooks", include(_webhooks)),
    path("/jobs", include(_jobs)),
]

urlpatterns = [
    path("", signin.start, name="start"),
    path("signin", signin.signin, name="signin"),
    path("signout", signin.signout, name="signout_anywhere"),
    path("_components", branding.components, name="components"),
    path("<slug:slug>", home.home, name="home"),
    path("<slug:slug>/numbers", home.numbers, name="numbers"),
    path("<slug:slug>/signout", signin.signout, name="signout"),
    path("<slug:slug>/accent.css", branding.accent, name="accent"),
    path("<slug:slug>/undo", undo.undo, name="undo"),
    path("<slug:slug>/photos/<str:ref>/<int:size>", pictures.shown(Kind.CUSTOMER), name="photo"),
    path("<slug:slug>/company-logos/<str:ref>/<int:size>", pictures.shown(Kind.COMPANY), name="company_logo"),
    path("<slug:slug>/logo/<str:ref>/<int:size>", pictures.shown(Kind.ORGANIZATION), name="logo"),
    path("<slug:slug>/customers", include(_customers)),
    path("<slug:slug>/companies", include(_companies)),
    path("<slug:slug>/memberships", include(_memberships)),
    path("<slug:slug>/plans", include(_plans)),
    path("<slug:slug>/runs/<str:ref>", bulk.progress, name="bulk_run"),
    path("<slug:slug>/views/<str:ref>/edit", saved_views.edit, name="view_edit"),
    path("<slug:slug>/views/<str:ref>/remove", saved_views.remove, name="view_remove"),
    path("<slug:slug>/lists/<str:listed>/save", saved_views.new, name="view_new"),
    path("<slug:slug>/lists/<str:listed>/columns", saved_views.columns, name="columns"),
    path("<slug:slug>/check", check.page, name="check"),
    path("<slug:slug>/find", find.page, name="find"),
    path("<slug:slug>/events", events.index, name="events"),
    path("<slug:slug>/settings", include(_settings)),
]
