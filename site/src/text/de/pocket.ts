/** Das Telefon in der Tasche: Klingeln, während die Seite geschlossen ist. */
import type { PocketText } from "../en/pocket.ts";

const obstacles: PocketText["obstacles"] = {
  insecure: "Hier nicht: Browser klingeln nur für Seiten, die über HTTPS mit gültigem Zertifikat kamen. Öffnen Sie diese Seite so.",
  install: "Auf iPhone und iPad: im Teilen-Menü „Zum Home-Bildschirm“ wählen und Bellwire von dort öffnen. Dann kann es klingeln.",
  unsupported: "Dieser Browser lässt sich von einer Seite nicht wecken. Chrome, Edge, Firefox und Safari können es, außer in privaten Fenstern.",
  blocked: "Mitteilungen dieser Seite sind gesperrt. Erlauben Sie sie in den Einstellungen des Browsers (Symbol neben der Adresse) und laden Sie die Seite neu.",
};

export const pocket: PocketText = {
  title: "Auf diesem Gerät klingeln",
  off: "Ist diese Seite geschlossen, klingelt hier nichts.",
  offer: "Klingeln, wenn die Seite geschlossen ist",
  offerHelp: "Eine Mitteilung zeigt, wer anruft; eine Berührung nimmt an.",
  on: (extension) => `Anrufe für ${extension} klingeln hier, auch wenn diese Seite geschlossen ist.`,
  turnOff: "Hier nicht klingeln",
  ios: "iPhone und iPad zeigen in Mitteilungen keine Knöpfe: Tippen Sie sie an, dann liegt der Anruf zum Annehmen bereit.",
  working: "Einen Moment …",
  obstacles,
  troubles: {
    ...obstacles,
    asked: "Ohne Mitteilungen kann hier nichts klingeln. Drücken Sie noch einmal und erlauben Sie sie.",
    no_key: "Dieser Knoten kann keine Browser wecken. Fragen Sie, wer ihn betreut: Unter System steht, warum.",
    push: "Der Push-Dienst dieses Browsers ist nicht erreichbar. Prüfen Sie die Verbindung und versuchen Sie es wieder.",
    ended: "Dieses Gerät wurde abgemeldet. Schalten Sie es wieder ein.",
    node: "Der Knoten hat es nicht angenommen. Versuchen Sie es wieder.",
  },
  coming: (who) => (who === "" ? "Der Anruf wird geholt …" : `Der Anruf von ${who} wird geholt …`),
  gone: (who) => (who === "" ? "Der Anruf ist vorbei." : `Der Anruf von ${who} ist vorbei.`),
  goneHelp: "Jemand anderes hat ihn angenommen, oder es hat zu lange geklingelt.",
  close: "Schließen",
};
