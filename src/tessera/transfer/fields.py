"""The fields that rows of each kind can have, and what columns of other systems are called that hold them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext_lazy as _

from tessera.people.names import folded
from tessera.transfer.types import Kind, Match

_MOST_EMAILS = 10


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a kind. `names` are headers that mean it, folded, in English, German and French.

    `is_date`: its cells are days. `constant`: whether one value for all rows makes sense.
    """

    name: str
    label: object
    names: tuple[str, ...] = ()
    hint: object = ""
    is_date: bool = False
    constant: bool = False


def _field(
    name: str, label: object, names: str = "", hint: object = "", *, is_date: bool = False, constant: bool = False
) -> Field:
    known = tuple(key_of(each) for each in names.split(",") if each)
    return Field(name, label, (key_of(name), *known), hint, is_date, constant)


def key_of(header: str) -> str:
    """Return what a header is compared by: letters and digits, without case and accents ("E-Mail *" is "email")."""
    return "".join(each for each in folded(header) if each.isalnum())


_NUMBER_HINT = _("CUS-000001, or your own. Without one, the next is given.")
_LIST_HINT = _("Several in one cell are separated by a semicolon.")
_INSTANT_HINT = _("A day begins at 00:00 in your time zone.")

_CUSTOMERS: Final = (
    _field(
        "number",
        _("Number"),
        "customernumber,customerno,memberno,membernumber,membershipnumber,kundennummer,"
        "kundennr,mitgliedsnummer,mitgliedsnr,"
        "numero,numeroclient,numeroadherent,numclient,nadherent",
        _NUMBER_HINT,
    ),
    _field(
        "external_id",
        _("Your own id"),
        "id,externalid,customerid,memberid,userid,externeid,kundenid,mitgliedsid,personid,"
        "idexterne,identifiant,idclient,uuid",
        _("What another system calls this person."),
    ),
    _field("first_name", _("First name"), "firstname,givenname,forename,vorname,rufname,prenom"),
    _field("last_name", _("Last name"), "lastname,surname,familyname,nachname,familienname,zuname,nom,nomdefamille"),
    _field(
        "display_name",
        _("Called"),
        "displayname,name,fullname,anzeigename,vollstandigername,nomcomplet,nomaffiche",
        _("If not by first and last name."),
    ),
    _field(
        "email",
        _("E-mail"),
        "emailaddress,mail,mailaddress,emailadresse,mailadresse,courriel,adresseemail,"
        "adressemail,adresseelectronique,"
        "emailprimary,primaryemail",
        _LIST_HINT,
    ),
    _field(
        "other_emails",
        _("More e-mails"),
        "email2,emails,secondaryemail,weiteremails,zweiteemail,autresemails",
        _LIST_HINT,
    ),
    _field(
        "email_verified",
        _("E-mail is verified"),
        "emailverified,verified,emailbestatigt,emailverifie,verifie",
        _("Yes, if the other system has shown that the first address is theirs."),
        constant=True,
    ),
    _field(
        "phone",
        _("Phone"),
        "phonenumber,mobile,mobilephone,cell,telephone,telefon,telefonnummer,handy,mobil,"
        "mobiltelefon,telephonemobile,portable,"
        "tel,numerodetelephone",
        _LIST_HINT,
    ),
    _field(
        "other_phones",
        _("More phones"),
        "phone2,phones,homephone,weiteretelefone,festnetz,autrestelephones,fixe",
        _LIST_HINT,
    ),
    _field(
        "birthday",
        _("Birthday"),
        "birthdate,dateofbirth,dob,geburtstag,geburtsdatum,gebdatum,datedenaissance,anniversaire,nele,naissance",
        is_date=True,
    ),
    _field("locale", _("Language"), "language,lang,sprache,langue", _("en, de or fr-CA, for example."), constant=True),
    _field(
        "marketing_consent",
        _("May be sent news"),
        "marketing,consent,newsletter,optin,marketingconsent,werbung,einwilligung,"
        "newsletteroptin,consentement,infolettre",
        constant=True,
    ),
    _field("tags", _("Tags"), "tag,labels,schlagworte,etiquettes,motscles", _LIST_HINT, constant=True),
)
_COMPANIES: Final = (
    _field(
        "number", _("Number"), "companynumber,companyno,firmennummer,numeroentreprise", _("COM-000001, or your own.")
    ),
    _field("external_id", _("Your own id"), "id,externalid,companyid,firmenid,identreprise,identifiant,uuid"),
    _field(
        "name",
        _("Name"),
        "company,companyname,tradingname,firma,firmenname,unternehmen,name,societe,entreprise,"
        "nom,nomcommercial,raisonsociale",
    ),
    _field("legal_name", _("Legal name"), "legalname,registeredname,rechtsname,nomlegal,denomination"),
    _field("email", _("E-mail"), "emailaddress,mail,emailadresse,courriel,adresseemail"),
    _field("phone", _("Phone"), "phonenumber,telephone,telefon,telefonnummer,tel"),
    _field("websites", _("Websites"), "website,url,web,webseite,homepage,siteweb,site", _LIST_HINT),
    _field(
        "email_domains", _("E-mail domains"), "emaildomain,domain,domains,domaene,domain,domaine,domaines", _LIST_HINT
    ),
    _field("tags", _("Tags"), "tag,labels,schlagworte,etiquettes,motscles", _LIST_HINT, constant=True),
)
_WHO_HINT = _("A number, your own id, an e-mail address or a phone number.")
_STARTS = _field(
    "starts_at",
    _("Starts"),
    "start,startdate,from,since,joined,joindate,begin,beginn,beginnt,ab,seit,von,eintritt,"
    "eintrittsdatum,debut,datededebut,depuis,du",
    _INSTANT_HINT,
    is_date=True,
    constant=True,
)
_LAST_DAY = _field(
    "last_day",
    _("Last day"),
    "end,enddate,until,ends,expires,expirydate,expires on,expiry,validuntil,bis,ende,"
    "enddatum,ablauf,ablaufdatum,gultigbis,austritt,"
    "fin,datedefin,jusquau,expiration,au",
    _("Included: it ends when this day is over."),
    is_date=True,
    constant=True,
)
_ENDS_AT = _field(
    "ends_at",
    _("Ends at"),
    "endsat,endinstant",
    _("An exact time, instead of a last day."),
    is_date=True,
    constant=True,
)
_AFFILIATIONS: Final = (
    _field(
        "customer",
        _("Customer"),
        "person,member,employee,email,customernumber,customerid,kunde,mitglied,mitarbeiter,"
        "client,adherent,employe,membre,courriel",
        _WHO_HINT,
    ),
    _field(
        "company",
        _("Company"),
        "employer,companyname,companynumber,firma,unternehmen,arbeitgeber,societe,entreprise,employeur",
        _("A number, your own id or the exact name."),
        constant=True,
    ),
    _field("title", _("Title"), "jobtitle,position,role,funktion,stelle,rolle,fonction,poste", constant=True),
    _field(
        "company_admin", _("Company admin"), "admin,isadmin,verwalter,administrateur", _("Yes or no."), constant=True
    ),
    _field(
        "primary_contact",
        _("Primary contact"),
        "contact,maincontact,hauptkontakt,ansprechpartner,contactprincipal",
        _("Yes or no."),
        constant=True,
    ),
    _STARTS,
    _LAST_DAY,
    _ENDS_AT,
)
_MEMBERSHIPS: Final = (
    _field(
        "customer",
        _("Customer"),
        "holder,person,member,email,customernumber,customerid,kunde,mitglied,inhaber,client,"
        "adherent,titulaire,membre,courriel",
        _WHO_HINT,
    ),
    _field(
        "company",
        _("Company"),
        "companyname,companynumber,firma,unternehmen,societe,entreprise",
        _("Instead of a customer, for what a company holds."),
    ),
    _field(
        "plan",
        _("Plan"),
        "planname,membership,membershiptype,product,tarif,mitgliedschaft,beitragsart,formule,abonnement,adhesion",
        _("Its name or id."),
        constant=True,
    ),
    _field(
        "price",
        _("Price"),
        "priceid,amount,fee,preis,beitrag,betrag,prix,montant,cotisation",
        _("Its id, or the amount of one of the plan's prices. Needed where a plan has several."),
        constant=True,
    ),
    _STARTS,
    _LAST_DAY,
    _ENDS_AT,
    _field(
        "renews",
        _("Renews"),
        "autorenew,renewal,verlangert,verlangerung,renouvellement,reconduction",
        _("Yes or no: whether it goes on by itself."),
        constant=True,
    ),
    _field("seats", _("Seats"), "seat,licences,licenses,platze,places", _("For what a company holds."), constant=True),
    _field(
        "external_reference",
        _("Reference"),
        "reference,ref,externalid,contract,contractnumber,vertrag,vertragsnummer,referenz,contrat,membershipid,id",
        _("What another system calls this membership."),
    ),
)

FIELDS: Final[Mapping[Kind, tuple[Field, ...]]] = {
    Kind.CUSTOMERS: _CUSTOMERS,
    Kind.COMPANIES: _COMPANIES,
    Kind.AFFILIATIONS: _AFFILIATIONS,
    Kind.MEMBERSHIPS: _MEMBERSHIPS,
}
# One of each group must be known of every row.
NEEDED: Final[Mapping[Kind, tuple[tuple[str, ...], ...]]] = {
    Kind.CUSTOMERS: (("first_name", "last_name", "email", "external_id", "number"),),
    Kind.COMPANIES: (("name", "external_id", "number"),),
    Kind.AFFILIATIONS: (("customer",), ("company",)),
    Kind.MEMBERSHIPS: (("customer", "company"), ("plan",)),
}
MATCHES: Final[Mapping[Kind, tuple[Match, ...]]] = {
    Kind.CUSTOMERS: (Match.EXTERNAL_ID, Match.NUMBER, Match.EMAIL, Match.VERIFIED_EMAIL),
    Kind.COMPANIES: (Match.EXTERNAL_ID, Match.NUMBER, Match.NAME),
    Kind.AFFILIATIONS: (),
    Kind.MEMBERSHIPS: (),
}


def guessed(kind: Kind, headers: Sequence[str], remembered: Mapping[str, str]) -> dict[str, int]:
    """Return which column seems to hold which field: as staff said last time, else by its header. Each column once."""
    keys = [key_of(header) for header in headers]
    names = {field.name for field in FIELDS[kind]}
    found: dict[str, int] = {}
    for place, key in enumerate(keys):
        if (name := remembered.get(key)) in names and name not in found:
            found[name] = place
    for field in FIELDS[kind]:
        if field.name in found:
            continue
        for known in field.names:
            if known in keys and (column := keys.index(known)) not in found.values():
                found[field.name] = column
                break
    return found
