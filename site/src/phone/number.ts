/** What is to be dialled, from whatever was typed, pasted or clicked. Pure. */
import { plainNumber } from "../forms/phoneNumber.ts";
import { digitOf } from "./t9.ts";

/**
 * "tel:+49-30-901820;ext=5", "+49 (0)30 / 90 18 20", "(030) 901-820", "sip:102@office" and "0800 FLOWERS" as a phone
 * dials them; empty for what holds no number.
 */
export function dialable(text: string): string {
  let wanted = text.trim();
  try {
    wanted = decodeURIComponent(wanted);
  } catch {
    // A percent sign that is none of an address.
  }
  const uri = /^(?:tel|callto|sips?):(?:\/\/)?([^;?]+)/i.exec(wanted)?.[1];
  wanted = (uri ?? wanted).replace(/@.*$/, "").replaceAll(/[\u00a0\u2000-\u200f\u202a-\u202f\u2060]/g, " ").trim();
  wanted = wanted.replaceAll(/[‐‑‒–—−]/g, "-").replaceAll(/[•·_,|\\[\]{}]/g, " ");
  if (/^\+?[\d\s().\-/*#]*[A-Za-z][A-Za-z\d\s().\-/]*$/.test(wanted) && /^\+?[\d(]/.test(wanted)) {
    wanted = wanted.replaceAll(/[a-z]/gi, (each) => digitOf(each) ?? "");
  }
  const cleaned = /[+0-9*#][0-9\s().\-/*#+]*/.exec(wanted.replace(/^\(/, ""))?.[0] ?? "";
  if (/[^\d\s().\-/*#+]/.test(wanted)) {
    // Words around it: only a number that stands alone is meant.
    const [only = "", ...more] = wanted.match(/\+?\d[\d\s().\-/]{4,}\d/g) ?? [];
    return more.length === 0 ? strict(only) : "";
  }
  return strict(cleaned);
}

function strict(text: string): string {
  const plain = plainNumber(text).replaceAll(/[^\d*#+]/g, "").replaceAll(/(?!^)\+/g, "");
  return plain === "+" ? "" : plain;
}

/** Whether two numbers are of the same phone, however they are written: with the country, or as it is dialled in it. */
export function sameNumber(one: string, other: string): boolean {
  if (one === other) return true;
  const [a, b] = [significant(one), significant(other)];
  if (a.length < 7 || b.length < 7) return false;
  if (one.startsWith("+") && other.startsWith("+")) return a === b;
  return a.endsWith(b) || b.endsWith(a);
}

function significant(number: string): string {
  return /^\+?\d+$/.test(number) ? number.replace(/^(\+|00?)/, "") : "";
}

/** As people read it: "+49 30 901820" in groups; extensions and codes stay as they are. */
export function readable(number: string): string {
  const found = /^\+(1|7|20|27|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|\d{3})(\d{4,})$/.exec(number);
  if (found === null) return number;
  const rest = found[2] ?? "";
  const groups = rest.length <= 7 ? [rest.slice(0, 3), rest.slice(3)] : [rest.slice(0, 3), rest.slice(3, rest.length - 4), rest.slice(-4)];
  return `+${found[1] ?? ""} ${groups.filter((each) => each !== "").join(" ")}`;
}
