"""What the columns of a roster are called: in ours, in the exports of platforms, and in the languages of their users.

Moodle's exports are in the language of the person who downloads them. Position and content decide for all others.
"""

import re
import unicodedata

COLUMNS = {
    "id": (
        *("id", "learner", "learner id", "student id", "student number", "sis user id", "id number", "sid"),
        *("orgdefinedid", "matrikelnummer", "matrikelnr", "id nummer"),
        *("numéro d identification", "numéro étudiant", "número de id", "matrícula"),
        *("número de identificación", "numero di matricola", "studentnummer", "org defined id"),
        *("学号", "学籍番号", "학번", "अनुक्रमांक"),
        *("roster identifier", "uid", "student no", "student id number", "número de identificação", "matricola"),
        *("n étudiant", "numéro d étudiant", "matricule", "numer albumu", "öğrenci no", "osobní číslo"),
    ),
    "name": (
        *("name", "full name", "student", "student name", "learner name", "display name", "vollständiger name"),
        *("nom complet", "nombre completo", "nome completo", "volledige naam", "imię i nazwisko", "ad soyad"),
        *("姓名", "氏名", "이름", "полное имя", "фио", "नाम", "पूरा नाम", "الاسم الكامل"),
        *("adı soyadı", "celé jméno", "teljes név", "nimi", "namn", "navn", "ονοματεπώνυμο", "שם מלא", "ชื่อเต็ม"),  # noqa: RUF001
        *("全名", "성명", "koko nimi", "fullständigt namn", "fulde navn", "fullt navn", "nume complet", "celé meno"),
        *("повне ім я", "πλήρες όνομα", "пълно име", "ime i prezime", "име и презиме", "täisnimi", "vardas pavardė"),
        *("pilns vārds", "họ và tên", "nama lengkap", "نام کامل"),
    ),
    "first": (
        *("first name", "firstname", "first names", "given name", "forename", "vorname", "prénom", "nombre", "nome"),
        *("nombres", "nombre s", "voornaam", "imię", "имя", "名", "first", "given names", "adı", "ad", "jméno"),  # noqa: RUF001
        *("keresztnév", "prenume", "förnamn", "fornavn", "etunimi", "όνομα", "שם פרטי", "ชื่อ"),
    ),
    "last": (
        *("last name", "lastname", "surname", "family name", "nachname", "nom", "nom de famille", "apellido"),
        *("apellidos", "apellido s", "cognome", "sobrenome", "achternaam", "nazwisko", "фамилия", "姓"),
        *("last", "soyadı", "soyad", "příjmení", "vezetéknév", "efternamn", "etternavn", "efternavn", "sukunimi"),  # noqa: RUF001
        *("επώνυμο", "שם משפחה", "นามสกุล"),
    ),
    "email": (
        *("email", "e mail", "mail", "email address", "e mail address", "e mail adresse", "adresse de courriel"),
        *("courriel", "dirección de correo", "correo electrónico", "indirizzo email", "e mailadres", "邮箱"),
        *("メールアドレス",),
    ),
    "login": (
        *("username", "user name", "login", "login id", "sis login id", "user id", "benutzername", "anmeldename"),
        *("netid", "net id"),
    ),
    "canvas": ("canvas", "canvas id", "canvas user id"),
    "moodle": ("moodle", "moodle id", "identifier", "participant", "participant id"),
    "github": ("github", "github username", "github user name", "github user", "github login"),
    "group": (
        *("group", "groups", "group name", "team", "gruppe", "gruppen", "groupe", "groupes", "équipe"),
        *("grupo", "grupos", "equipo", "equipe", "gruppo", "squadra", "groep", "группа", "команда"),
        *("team name", "gruppenname", "nom du groupe", "nom de groupe", "nombre del grupo", "nome del gruppo"),
        *("小组", "组", "グループ", "チーム", "조", "समूह"),
    ),
    "role": ("role", "roles", "course role"),
}
WHO = ("id", "email", "login", "canvas", "moodle", "github")  # each of them can identify a person
STAFF = {"instructor", "teacher", "ta", "teaching assistant", "reader", "grader", "non editing teacher", "manager"}
TEST_STUDENTS = {"student, test", "test student", "student test"}
STATUS = {
    *("status", "statut", "estado", "stato", "stan", "stav", "tila", "durum"),
    *("состояние", "状态", "ステータス", "상태"),
}


def heading(cell: str) -> str:
    """Return a heading in the form used for comparing. A mark belongs to its letter, in Hindi for example."""
    text = unicodedata.normalize("NFKC", cell).casefold()
    return " ".join(re.sub(r"[^\w\u0300-\u036f\u0900-\u0dff\u0e00-\u0eff]+|_", " ", text).split())
