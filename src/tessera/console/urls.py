"""Every address of the console. All but the first few begin with the organization."""

from django.urls import URLPattern, include, path

from tessera.console import (
    account,
    account_security,
    account_sessions,
    affiliations,
    branding,
    check,
    companies,
    company,
    customer,
    customers,
    granting,
    home,
    invitation,
    jobs,
    membership,
    memberships,
    plan,
    plans,
    resetting,
    second_factor,
    signin,
    staff_invitations,
    staff_member,
    staff_members,
    staff_policy,
    webhook,
    webhook_delivery,
    webhooks,
)
from tessera.console.verbs import VERBS

app_name = "console"

_customers: list[URLPattern] = [
    path("", customers.index, name="customers"),
    path("/new", customers.new, name="customer_new"),
    path("/<str:ref>", customer.profile, name="customer"),
    path("/<str:ref>/edit", customer.edit, name="customer_edit"),
    path("/<str:ref>/ban", customer.ban, name="customer_ban"),
    path("/<str:ref>/lift-ban", customer.lift_ban, name="customer_lift_ban"),
    path("/<str:ref>/assign", granting.to_customer, name="customer_assign"),
    path("/<str:ref>/link", affiliations.link_to_company, name="customer_link"),
]
_companies: list[URLPattern] = [
    path("", companies.index, name="companies"),
    path("/new", companies.new, name="company_new"),
    path("/<str:ref>", company.profile, name="company"),
    path("/<str:ref>/edit", companies.edit, name="company_edit"),
    path("/<str:ref>/assign", granting.to_company, name="company_assign"),
    path("/<str:ref>/link", affiliations.link_customer, name="company_link"),
    path("/<str:ref>/people/<str:customer_ref>/unlink", affiliations.unlink, name="unlink"),
]
_memberships: list[URLPattern] = [
    path("/<str:ref>", membership.profile, name="membership"),
    *(path(f"/<str:ref>/{verb.name}", memberships.page_of(verb), name=f"membership_{verb.name}") for verb in VERBS),
]
_plans: list[URLPattern] = [
    path("", plans.index, name="plans"),
    path("/new", plans.new, name="plan_new"),
    path("/new-permission", plans.new_permission, name="permission_new"),
    path("/<str:ref>", plan.profile, name="plan"),
    path("/<str:ref>/edit", plan.edit, name="plan_edit"),
    path("/<str:ref>/add-price", plan.add_price, name="price_new"),
    path("/<str:ref>/prices/<str:price_ref>/offer", plan.retire_price, name="price_offer"),
    path("/<str:ref>/archive", plan.archive, name="plan_archive"),
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
_account: list[URLPattern] = [
    path("", account.profile, name="account"),
    path("/email", account.email, name="account_email"),
    path("/email/keep", account.keep_email, name="account_email_keep"),
    path("/password", account.password, name="account_password"),
    path("/security", account_security.security, name="account_security"),
    path("/security/app", account_security.add_app, name="account_app"),
    path("/security/app/remove", account_security.remove_app, name="account_app_remove"),
    path("/security/passkeys/new", account_security.add_passkey, name="account_passkey"),
    path("/security/passkeys/<int:number>/rename", account_security.rename_passkey, name="account_passkey_rename"),
    path("/security/passkeys/<int:number>/remove", account_security.remove_passkey, name="account_passkey_remove"),
    path("/security/recovery-codes", account_security.recovery_codes, name="account_recovery_codes"),
    path("/sessions", account_sessions.index, name="account_sessions"),
    path("/sessions/end-others", account_sessions.end_others, name="account_sessions_end"),
    path("/sessions/<int:number>/end", account_sessions.end, name="account_session_end"),
]
_staff: list[URLPattern] = [
    path("", staff_members.index, name="staff"),
    path("/rights", staff_members.rights, name="staff_rights"),
    path("/policy", staff_policy.policy, name="staff_policy"),
    path("/invite", staff_invitations.invite, name="staff_invite"),
    path("/invitations/<str:ref>/again", staff_invitations.again, name="staff_invitation_again"),
    path("/invitations/<str:ref>/withdraw", staff_invitations.withdraw, name="staff_invitation_withdraw"),
    path("/<str:ref>/role", staff_member.role, name="staff_role"),
    path("/<str:ref>/disable", staff_member.disable, name="staff_disable"),
    path("/<str:ref>/enable", staff_member.enable, name="staff_enable"),
    path("/<str:ref>/reset-factors", staff_member.reset_factors, name="staff_reset_factors"),
]

urlpatterns = [
    path("", signin.start, name="start"),
    path("signin", signin.signin, name="signin"),
    path("passkey", signin.by_passkey, name="signin_passkey"),
    path("second-factor", second_factor.second, name="signin_second"),
    path("signout", signin.signout, name="signout_anywhere"),
    path("reset-password", resetting.ask, name="reset_password"),
    path("reset-password/<str:ref>/<str:token>", resetting.password, name="reset_password_link"),
    path("confirm-email/<str:ref>/<str:token>", resetting.email, name="confirm_email"),
    path("invitation/<str:ref>/<str:token>", invitation.answer, name="invitation"),
    path("account", include(_account)),
    path("_components", branding.components, name="components"),
    path("<slug:slug>", home.home, name="home"),
    path("<slug:slug>/signout", signin.signout, name="signout"),
    path("<slug:slug>/accent.css", branding.accent, name="accent"),
    path("<slug:slug>/customers", include(_customers)),
    path("<slug:slug>/companies", include(_companies)),
    path("<slug:slug>/memberships", include(_memberships)),
    path("<slug:slug>/plans", include(_plans)),
    path("<slug:slug>/check", check.page, name="check"),
    path("<slug:slug>/webhooks", include(_webhooks)),
    path("<slug:slug>/settings/staff", include(_staff)),
    path("<slug:slug>/jobs", include(_jobs)),
]
