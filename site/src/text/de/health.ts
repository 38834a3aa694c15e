/** Was die Zustandsliste sagt, nach dem Code der Ursache. */
import type { callQuality as CallQuality, health as Health } from "../en/health.ts";

export const health: typeof Health = {
  no_extensions: () => ["Es gibt noch keine Nebenstelle, also kann sich kein Telefon anmelden.", "Legen Sie auf der Seite „Telefone“ eine an."],
  records_lost: (f) => [
    `${f["count"] ?? ""} Anrufe konnten nicht gespeichert werden und fehlen im Verlauf.`,
    "Schaffen Sie Platz auf der Festplatte und sehen Sie ins Protokoll.",
  ],
  records_wait: (f) => [
    `${f["count"] ?? ""} Anrufe warten im Arbeitsspeicher, weil die Festplatte keine annimmt. Gespräche gehen weiter.`,
    "Schaffen Sie Platz auf der Festplatte: Dann werden sie gespeichert. Ein Neustart davor verliert sie.",
  ],
  disk_full: () => [
    "Die Festplatte ist voll. Gespräche gehen weiter; Aufnahmen und Nachrichten werden nicht aufgehoben.",
    "Schaffen Sie dort Platz: alte Aufnahmen, Sicherungen, Protokolle.",
  ],
  disk_low: (f) => [
    `Auf der Festplatte sind nur noch ${f["free_mb"] ?? ""} MB frei.`,
    "Schaffen Sie dort Platz: alte Aufnahmen, Sicherungen, Protokolle.",
  ],
  refused_ports: () => [
    "Es war kein Audio-Port frei: In der letzten Stunde wurden Anrufe abgewiesen.",
    "Vergrößern Sie den Bereich der Audio-Ports (--rtp-port-min und --rtp-port-max).",
  ],
  refused_files: () => [
    "Es waren zu viele Dateien offen: In der letzten Stunde wurden Anrufe abgewiesen.",
    "Erhöhen Sie LimitNOFILE in der systemd-Unit oder ulimit -n.",
  ],
  refused_memory: () => [
    "Die Speichergrenze war erreicht: In der letzten Stunde wurden Anrufe abgewiesen.",
    "Geben Sie der Anlage mehr Speicher oder erhöhen Sie --memory-limit-mb.",
  ],
  late: (f) => [
    `Die Anlage war in der letzten Minute um ${(f["seconds"] ?? "").replace(".", ",")} s im Verzug: Klingeln und Abheben dauern länger.`,
    "Sehen Sie nach, was sonst auf dem Rechner läuft, oder geben Sie ihm einen schnelleren Prozessor.",
  ],
  lines_down: (f) => [
    `Leitungen nach draußen sind gestört: ${f["lines"] ?? ""}. ${f["error"] ?? ""}`.trim(),
    "Prüfen Sie sie auf der Seite „Amtsleitungen“: Der Test sagt, wo es endet.",
  ],
  names_gone: (f) => [
    `Seit ${f["since"] ?? ""} UTC gibt kein Nameserver Auskunft. Was vorher gefunden war, gilt noch einen Tag; neue Namen werden nicht gefunden.`,
    "Sehen Sie nach dem Router und dem Internet. Andere Nameserver lassen sich mit --dns-servers einstellen.",
  ],
  names_failing: (f) => [
    `Seit ${f["since"] ?? ""} UTC sagen die Nameserver nicht, wo ${f["names"] ?? ""} ist. Was vorher gefunden war, gilt noch einen Tag.`,
    "Fragen Sie, wer diese Namen pflegt, oder stellen Sie mit --dns-servers andere Nameserver ein.",
  ],
  names_denied: (f) => [
    `Seit ${f["since"] ?? ""} UTC sagen die Nameserver, es gebe ${f["names"] ?? ""} nicht. Die Adressen von vorher gelten noch eine Stunde.`,
    "Prüfen Sie, ob der Name noch stimmt und ob diesen Nameservern zu trauen ist.",
  ],
  hold_music: (f) => [
    `Die Wartemusik kann nicht gespielt werden: ${f["why"] ?? ""}`,
    "Legen Sie die Datei in den Ordner sounds oder wählen Sie in den Einstellungen eine andere.",
  ],
  flows_broken: (f) => [
    `Abläufe, die keine Anrufe annehmen können: ${f["flows"] ?? ""} (${f["why"] ?? ""}).`,
    "Öffnen Sie den Ablauf, beheben Sie den Fehler und veröffentlichen Sie ihn.",
  ],
  no_voice: () => ["Die Anlage hat keine Stimme: Statt Sprache sind Töne zu hören.", "Führen Sie auf der Anlage „pbx doctor“ aus."],
  voice_fails: (f) => [`Die Stimme funktioniert nicht: ${f["why"] ?? ""}`, "Führen Sie auf der Anlage „pbx doctor“ aus."],
  bundle: (f) => [
    `Das Konfigurationspaket wurde nicht übernommen: ${f["why"] ?? ""}`,
    "Sehen Sie auf der Seite „Dokumente“ nach: Es wurde nichts geändert, und es wird wieder versucht.",
  ],
  replica: (f) => [`Die Zweitschrift der Datenbank ist nicht aktuell: ${f["why"] ?? ""}`, f["action"] ?? ""],
  drill_failed: (f) => [
    `Die letzte Wiederherstellungsprobe ist misslungen: ${f["why"] ?? ""}`,
    "Es wird ein neuer Schnappschuss gemacht. Wiederholen Sie die Probe; misslingt sie erneut, sehen Sie sich die Zweitschrift an.",
  ],
  do_not_wake: (f) => [
    `Anrufe erreichen diese Telefone nicht, weil sie nicht aufwachen: ${f["phones"] ?? ""}.`,
    "Sehen Sie auf der Seite „Schlafende Telefone“ nach: Dort steht, warum.",
  ],
  self_call: () => ["Anrufe gehen: Die Anlage hat sich nach der Aktualisierung selbst angerufen.", ""],
  self_call_failed: (f) => [
    `Nach der Aktualisierung hat die Anlage sich selbst angerufen, und es ging nicht: ${f["why"] ?? ""}.`,
    "Versuchen Sie ein Gespräch zwischen zwei Telefonen. Geht es nicht, halten Sie die Anlage an, führen Sie „pbx rollback“ aus und installieren Sie die vorige Version.",
  ],
  upgraded: (f) => [
    `Am ${f["date"] ?? ""} aktualisiert: ${f["what"] ?? ""}.${f["kept"] ? ` Die Datenbank von vorher liegt in ${f["kept"]}.` : ""}`,
    "",
  ],
};

export const callQuality: typeof CallQuality = {
  over: "Klang im Verlauf des Gesprächs (MOS, das Schlechteste jedes Abschnitts)",
  from: "wie es hier ankam",
  to: "wie das Telefon meldet",
  point: (minute, mos) => `${minute}: MOS ${mos}`,
  unknown: "nicht bekannt",
  path: (remote, port) => `Audio ${remote} ↔ Port ${port}`,
  encryption: { plain: "nicht verschlüsselt", sdes: "verschlüsselt (SDES)", dtls: "verschlüsselt (DTLS)" },
};
