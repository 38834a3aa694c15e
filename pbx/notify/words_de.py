"""What the administrator is told, in German."""

from __future__ import annotations

from pbx.notify.words import Facts, Sentences

__all__ = ["GERMAN"]

ALG = (
    "Meist ändert ein Router unterwegs die SIP-Nachrichten (SIP ALG): Schalten Sie das dort ab. Sonst geben Sie mit "
    "--external-ip die richtige Adresse an, leiten die Audio-Ports weiter oder nehmen TLS für SIP."
)
BACK = (
    "Versuchen Sie ein Gespräch zwischen zwei Telefonen. Geht es nicht, dann zurück: Halten Sie die Anlage an, führen "
    "Sie `pbx rollback` aus und installieren Sie die vorige Version."
)
STILL = "Was vorher gefunden war, gilt noch einen Tag: Leitungen, Edges, Anrufe. Neue Namen werden nicht gefunden."
RESOLVERS = "Andere Nameserver lassen sich mit --dns-servers einstellen."


CAUSES = (
    ("no space left", "Die Platte dort ist voll."),
    ("disk full", "Die Platte ist voll."),
    ("disk is full", "Die Platte ist voll."),
    ("quota", "Der Platz, der dort erlaubt ist, ist verbraucht."),
    ("permission denied", "Der Zugriff ist nicht erlaubt: Prüfen Sie Benutzer und Rechte."),
    ("lets nobody in", "Die Anmeldung wird abgelehnt: Prüfen Sie Benutzer, Schlüssel und Passwort."),
    ("authentication failed", "Die Anmeldung wird abgelehnt: Prüfen Sie Benutzer, Schlüssel und Passwort."),
    ("invalidaccesskeyid", "Die Anmeldung wird abgelehnt: Prüfen Sie den Schlüssel."),
    ("signaturedoesnotmatch", "Die Anmeldung wird abgelehnt: Prüfen Sie den Schlüssel."),
    ("nosuchbucket", "Diesen Ablageort (Bucket) gibt es nicht."),
    ("shows another key than before", "Der Server zeigt einen anderen Schlüssel als vorher."),
    ("certificate verify failed", "Dem Zertifikat der Gegenseite ist nicht zu trauen."),
    ("no name server", "Der Rechnername wird nicht gefunden."),
    ("name or service not known", "Der Rechnername wird nicht gefunden."),
    ("no such host", "Der Rechnername wird nicht gefunden."),
    ("connection refused", "Dort nimmt niemand die Verbindung an."),
    ("network is unreachable", "Es führt kein Weg dorthin: Prüfen Sie das Netz."),
    ("no route to host", "Es führt kein Weg dorthin: Prüfen Sie das Netz."),
    ("connection reset", "Die Verbindung brach ab."),
    ("broke off", "Die Verbindung brach ab."),
    ("timed out", "Es kam rechtzeitig keine Antwort."),
    ("timeout", "Es kam rechtzeitig keine Antwort."),
    ("no answer", "Es kam keine Antwort."),
    ("nobody answered", "Es kam keine Antwort."),
    ("input/output error", "Die Platte meldet einen Fehler: Sie geht vielleicht kaputt."),
    ("integrity", "Die Datenbank dort ist beschädigt."),
    ("rows are missing", "Dort fehlen Zeilen."),
    ("rate limit", "Zu viele Anfragen: Es wird später wieder versucht."),
    ("ratelimited", "Zu viele Anfragen: Es wird später wieder versucht."),
)
"""What is commonly in the words of systems and servers, which are not translated; the first that fits."""


def _details(why: str) -> str:
    """What it means, where that is known, and the words as they came."""
    plain = next((german for english, german in CAUSES if english in why.lower()), "")
    return f"{plain} Im Einzelnen: {why}" if plain else f"Einzelheiten: {why}"


def _who(about: str) -> str:
    """ "extension 101" and "line sipgate", as they are called in German."""
    kind, _, name = about.partition(" ")
    return {"extension": "der Nebenstelle ", "line": "der Leitung "}.get(kind, f"{kind} ") + name


def _help(f: Facts) -> tuple[str, str]:
    who = f"{f['extension']} {f['name']}".strip()
    where = f["location"] or "für diese Nebenstelle ist keiner eingetragen"
    return f"Notruf an {f['number']} von {who}", f"Nebenstelle {who} hat {f['number']} gewählt. Ort: {where}."


def _limit(f: Facts) -> tuple[str, str]:
    done = "beendet" if f["ended"] else "abgewiesen"
    return (
        f"Ein Anruf der Nebenstelle {f['extension']} an {f['number']} wurde {done}",
        f"Ein Anruf der Nebenstelle {f['extension']} an {f['number']} wurde {done}; die Grenze heißt „{f['limit']}“. "
        f"Sind diese Anrufe nicht Ihre, ändern Sie sofort das SIP-Passwort der Nebenstelle {f['extension']}. Sind es "
        "Ihre, erhöhen Sie die Grenze. Sie erfahren es einmal in der Stunde.",
    )


def _line_down(f: Facts) -> tuple[str, str]:
    return (
        f"Die Leitung {f['line']} ist gestört",
        f"Die Leitung {f['line']} geht seit zwei Minuten nicht: Kein Anruf kommt darüber herein oder hinaus. "
        f"{_details(f['error']) if f['error'] else ''}".strip(),
    )


def _line_up(f: Facts) -> tuple[str, str]:
    return f"Die Leitung {f['line']} geht wieder", f"Die Leitung {f['line']} ist wieder da."


def _phone_lost(f: Facts) -> tuple[str, str]:
    number = f["extension"]
    return (
        f"Das Telefon der Nebenstelle {number} geht immer wieder verloren",
        f"Die Anmeldung der Nebenstelle {number} ging an einem Tag {f['count']}-mal verloren: Es klingelt dort nicht, "
        "bis sie wiederkommt. Sehen Sie nach dem Netz des Telefons (WLAN, Kabel, VPN). Steht es hinter einem anderen "
        "Router, lassen Sie es Keep-alives senden oder nehmen Sie TCP oder TLS, und lassen Sie es sich alle zwei "
        "Minuten anmelden.",
    )


def _phones_lost(f: Facts) -> tuple[str, str]:
    return (
        f"{f['count']} Telefone gingen auf einmal verloren",
        f"Binnen zwei Minuten gingen die Telefone von {f['count']} Nebenstellen verloren ({f['extensions']}). Sie "
        "haben etwas gemeinsam: einen Switch, einen WLAN-Zugang, den Weg zu dieser Anlage oder den Strom.",
    )


def _names_gone(f: Facts) -> tuple[str, str]:
    return (
        "Kein Nameserver gibt Auskunft",
        f"Seit {f['since']} UTC gibt kein Nameserver Auskunft. {STILL} Sehen Sie nach dem Router und dem Internet. "
        f"{RESOLVERS}",
    )


def _names_failing(f: Facts) -> tuple[str, str]:
    return (
        "Rechnernamen werden nicht gefunden",
        f"Seit {f['since']} UTC sagen die Nameserver nicht, wo {f['about']} ist. {STILL} Fragen Sie, wer diese Namen "
        f"pflegt. {RESOLVERS}",
    )


def _names_denied(f: Facts) -> tuple[str, str]:
    return (
        "Rechnernamen werden nicht gefunden",
        f"Seit {f['since']} UTC sagen die Nameserver, es gebe {f['about']} nicht. Die Adressen von vorher gelten noch "
        "eine Stunde. Prüfen Sie, ob der Name noch stimmt und ob diesen Nameservern zu trauen ist.",
    )


def _names_back(_f: Facts) -> tuple[str, str]:
    return "Rechnernamen werden wieder gefunden", "Die Nameserver geben wieder Auskunft."


def _after_30_s(f: Facts) -> tuple[str, str]:
    who = _who(f["about"])
    return (
        f"Gespräche {who} enden nach 30 Sekunden",
        f"{f['count']} der letzten Gespräche {who} endeten etwa 30 Sekunden nach dem Abheben. So lange wartet ein "
        f"Telefon auf eine Nachricht, die nicht kommt. {ALG}",
    )


def _after_6_s(f: Facts) -> tuple[str, str]:
    who = _who(f["about"])
    return (
        f"Gespräche {who} werden nach wenigen Sekunden aufgelegt",
        f"{f['count']} der letzten {f['looked_at']} Gespräche {who} waren etwa 6 Sekunden nach dem Abheben vorbei. So "
        "lange sagen Leute „Hallo“, wenn sie nichts hören. Rufen Sie dort an und hören Sie hin: Hört einer von beiden "
        f"nichts, geht unterwegs Ton verloren. {ALG}",
    )


def _one_way(f: Facts) -> tuple[str, str]:
    who = _who(f["about"])
    return (
        f"Von {who} ist nichts zu hören",
        f"In {f['count']} Gesprächen an einem Tag kam von {who} nichts, während die andere Seite sprach. War das "
        f"Telefon nicht stummgeschaltet, geht sein Ton unterwegs verloren. {ALG}",
    )


def _upgraded(f: Facts) -> tuple[str, str]:
    kept = (
        f" Die Datenbank von vorher liegt in {f['kept']}; `pbx rollback` stellt sie zurück."
        if f["kept"]
        else ""
    )
    return (
        f"Aktualisiert: Version {f['from']} → {f['to']}",
        f"Die Anlage ist nach einer Aktualisierung gestartet: Version {f['from']} → {f['to']}.{kept}",
    )


def _self_call(f: Facts) -> tuple[str, str]:
    return (
        "Anrufe gehen nach der Aktualisierung nicht",
        f"Die Anlage hat sich selbst angerufen, und es ging nicht. {BACK} {_details(f['why'])}",
    )


def _not_recorded(_f: Facts) -> tuple[str, str]:
    return (
        "Gespräche werden nicht aufgezeichnet",
        "Ein Gespräch wurde nicht oder nicht bis zum Ende aufgezeichnet. Die Gespräche gehen weiter wie immer. Machen "
        "Sie Platz auf der Platte, lassen Sie Aufzeichnungen früher ablaufen oder erhöhen Sie das Kontingent.",
    )


def _recordings_full(f: Facts) -> tuple[str, str]:
    days = f["full_in_days"]
    when = "ist voll" if days == "0" else f"ist in {days} Tag{'' if days == '1' else 'en'} voll"
    return (
        f"Der Platz für Aufzeichnungen {when}",
        f"Aufzeichnungen belegen {int(f['used_bytes']) / (1 << 30):.1f} GiB. Ist kein Platz mehr da, werden Gespräche "
        "nicht aufgezeichnet. Lassen Sie Aufzeichnungen früher ablaufen, zeichnen Sie als Ogg Opus auf oder erhöhen "
        "Sie das Kontingent.",
    )


def _replica_stopped(f: Facts) -> tuple[str, str]:
    return (
        "Die Zweitschrift wird nicht mehr geführt",
        "Dem Büro geht unterdessen nichts verloren, aber Neues steht nicht in der Zweitschrift. Sehen Sie auf der "
        f"Seite „System“ nach. {_details(f['why'])}",
    )


def _replica_behind(f: Facts) -> tuple[str, str]:
    return (
        "Die Zweitschrift hinkt hinterher",
        f"Sehen Sie nach dem Netz, dem Konto und dem Platz dort. {_details(f['why'])}",
    )


def _fenced(f: Facts) -> tuple[str, str]:
    return (
        "Eine andere Anlage hat dieses Büro übernommen",
        f"{f['host']} hat dieses Büro am {f['at']} UTC übernommen. Halten Sie diese Anlage an: Die Telefone dürfen "
        "nicht auf zwei verteilt sein. Zurückholen: pbx takeover --replace",
    )


def _drill_failed(f: Facts) -> tuple[str, str]:
    return (
        "Der Zweitschrift ist nicht zu trauen",
        "Die letzte Wiederherstellungsprobe ist misslungen. Es wird ein neuer Schnappschuss gemacht. "
        f"{_details(f['why'])}",
    )


def _drill_passed(_f: Facts) -> tuple[str, str]:
    return "Der Zweitschrift ist wieder zu trauen", "Die Wiederherstellungsprobe hat keinen Fehler gefunden."


def _certificate_failed(f: Facts) -> tuple[str, str]:
    return (
        "Das Zertifikat war nicht zu bekommen",
        f"Die Namen ({f['names']}) müssen zu dieser Anlage führen, und Port {f['port']} von außen zu ihrem Port "
        f"{f['own_port']}. Es wird wieder versucht. {_details(f['why'])}",
    )


def _certificate_back(f: Facts) -> tuple[str, str]:
    return "Das Zertifikat war wieder zu bekommen", f"Es gilt bis {f['until']}."


def _bundle_applied(f: Facts) -> tuple[str, str]:
    return (
        f"Das Konfigurationspaket {f['sequence']} wurde übernommen",
        f"Für das Büro {f['office']}; Änderungen: {f['changes']}.",
    )


def _bundle_failed(f: Facts) -> tuple[str, str]:
    return (
        "Das Konfigurationspaket wurde nicht übernommen",
        f"Es wurde nichts geändert. {_details(f['why'])}",
    )


def _test(_f: Facts) -> tuple[str, str]:
    return "Probenachricht", "Jemand wollte sehen, ob die Nachrichten dieser Anlage ankommen."


GERMAN: Sentences = {
    "emergency": _help,
    "limit": _limit,
    "test": _test,
    "line_down": _line_down,
    "line_up": _line_up,
    "phone_lost": _phone_lost,
    "phones_lost": _phones_lost,
    "names_gone": _names_gone,
    "names_failing": _names_failing,
    "names_denied": _names_denied,
    "names_back": _names_back,
    "ends_after_30_s": _after_30_s,
    "ends_after_6_s": _after_6_s,
    "one_way": _one_way,
    "upgraded": _upgraded,
    "self_call_failed": _self_call,
    "not_recorded": _not_recorded,
    "recordings_full": _recordings_full,
    "replica_stopped": _replica_stopped,
    "replica_behind": _replica_behind,
    "taken_over": _fenced,
    "drill_failed": _drill_failed,
    "drill_passed": _drill_passed,
    "certificate_failed": _certificate_failed,
    "certificate_back": _certificate_back,
    "bundle_applied": _bundle_applied,
    "bundle_failed": _bundle_failed,
}
