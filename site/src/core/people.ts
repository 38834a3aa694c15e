/** What a party of a call is called on screen. */
import type { Text } from "../text/text.ts";

/** The name of an extension; undefined where it is not known. */
export type NameOf = (extension: string) => string | undefined;

export const NAMELESS: NameOf = () => undefined;

/** "Alice" or, without a name, "101"; `both` gives "Alice (101)". */
export function partyName(name: string, number: string): string {
  return name.trim() || number || "?";
}

/**
 * A dialled number in words: a feature code by what it does ("Echo test"), anything else as it was dialled. `features` has
 * the words by the code, or by the node's name for it.
 */
export function dialledName(dialled: string, toName: string, features: Text["live"]["features"]): string {
  const code = /^[*#]/.test(dialled) ? features[toName] : undefined;
  return features[dialled] ?? partyName(code ?? toName, dialled);
}

/** The user part of a SIP address, so that "sip:102@10.0.0.7:5060" reads "102"; plain numbers stay as they are. */
export function shortTarget(target: string): string {
  const match = /^sips?:([^@;>]+)@/i.exec(target);
  return match?.[1] ?? target;
}
