import os
import smtplib
from email.message import EmailMessage
from pathlib import Path

from fastapi import BackgroundTasks, FastAPI

app = FastAPI()
NOTES = Path("notes.txt")


def send_mail(text: str) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "notes@example.com", "ada@example.com", f"A note: {text}"
    with smtplib.SMTP(os.environ.get("SMTP_HOST", "127.0.0.1"), int(os.environ.get("SMTP_PORT", "25"))) as smtp:
        smtp.send_message(message)


@app.get("/notes")
def read_notes() -> list[str]:
    return NOTES.read_text(encoding="utf-8").splitlines() if NOTES.exists() else []


@app.post("/notes/{text}", status_code=201)
def write_note(text: str, background: BackgroundTasks, mail: bool = False) -> dict[str, str]:
    with NOTES.open("a", encoding="utf-8") as file:
        file.write(text + "\n")
    if mail:
        background.add_task(send_mail, text)
    return {"note": text}
