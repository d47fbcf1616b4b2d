"""The portal: /portal/{organization}."""

from django.urls import path

from tessera.portal import company, details, doing, home, membership, own_data, sessions, signin, switching

app_name = "portal"
urlpatterns = [
    path("<slug:slug>", home.home, name="home"),
    path("<slug:slug>/sign-in", signin.sign_in, name="sign_in"),
    path("<slug:slug>/sign-in/passkey", sessions.by_passkey, name="by_passkey"),
    path("<slug:slug>/sign-out", signin.sign_out, name="sign_out"),
    path("<slug:slug>/memberships/<str:ref>", membership.membership, name="membership"),
    path("<slug:slug>/memberships/<str:ref>/leave", doing.leave, name="leave"),
    path("<slug:slug>/memberships/<str:ref>/undo", doing.undo, name="undo"),
    path("<slug:slug>/memberships/<str:ref>/pause", doing.pause, name="pause"),
    path("<slug:slug>/memberships/<str:ref>/resume", doing.resume, name="resume"),
    path("<slug:slug>/memberships/<str:ref>/renew", doing.renew, name="renew"),
    path("<slug:slug>/memberships/<str:ref>/change", switching.change, name="change"),
    path("<slug:slug>/memberships/<str:ref>/keep", doing.drop_change, name="drop_change"),
    path("<slug:slug>/details", details.details, name="details"),
    path("<slug:slug>/details/consent", details.consent, name="consent"),
    path("<slug:slug>/details/email", details.email, name="email"),
    path("<slug:slug>/details/email/remove", details.remove_email, name="remove_email"),
    path("<slug:slug>/sessions", sessions.sessions, name="sessions"),
    path("<slug:slug>/sessions/end", sessions.end, name="end_session"),
    path("<slug:slug>/sessions/passkey", sessions.passkey, name="passkey"),
    path("<slug:slug>/sessions/site", sessions.unlink, name="unlink"),
    path("<slug:slug>/data", own_data.own_data, name="own_data"),
    path("<slug:slug>/data/download", own_data.download, name="download"),
    path("<slug:slug>/data/deletion", own_data.deletion, name="deletion"),
    path("<slug:slug>/companies/<str:ref>", company.company, name="company"),
    path("<slug:slug>/companies/<str:ref>/invite", company.invite, name="company_invite"),
    path("<slug:slug>/companies/<str:ref>/withdraw", company.withdraw, name="company_withdraw"),
    path("<slug:slug>/companies/<str:ref>/link", company.link, name="company_link"),
    path("<slug:slug>/companies/<str:ref>/people/<str:person>/remove", company.remove, name="company_remove"),
]
