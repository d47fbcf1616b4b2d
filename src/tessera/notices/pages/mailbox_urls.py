from django.urls import path

from tessera.notices.pages import mailbox

app_name = "mailbox"
urlpatterns = [
    path("", mailbox.inbox, name="inbox"),
    path("news", mailbox.news, name="news"),
    path("<slug:mail>", mailbox.inbox, name="mail"),
    path("<slug:mail>/html", mailbox.html_part, name="html"),
]
