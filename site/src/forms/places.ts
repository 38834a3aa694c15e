/** Countries and time zones, as the browser knows them. */
import type { Option } from "./Combo.tsx";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ".split("");

/** Codes that the browser has a name for, and that are countries of today. */
export function countries(locale: string, none: boolean): readonly Option[] {
  const names = new Intl.DisplayNames([locale], { type: "region", fallback: "none" });
  const codes = LETTERS.flatMap((a) => LETTERS.map((b) => a + b)).filter((code) => !GONE.has(code));
  const found = codes.flatMap((code) => {
    const name = names.of(code);
    return name === undefined ? [] : [{ key: code, title: name, note: code }];
  });
  const sorted = found.sort((a, b) => a.title.localeCompare(b.title, locale));
  return none ? [...sorted, { key: "001", title: names.of("001") ?? "001", note: "001" }] : sorted;
}

/** Codes of the past, groups of countries, and those that are for tests. */
const GONE = new Set(
  "AC AN BU CP CS CT DD DG DY EA EU EZ FQ FX HV IC JT MI NH NQ NT PC PU PZ QO QU RH SU TA TP UK UN VD WK XA XB YD YU ZR ZZ".split(" "),
);

export function timeZones(): readonly Option[] {
  return Intl.supportedValuesOf("timeZone").map((zone) => ({ key: zone, title: zone.replaceAll("_", " "), note: "" }));
}
