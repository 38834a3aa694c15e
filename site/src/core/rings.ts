/** What happens when an extension is called, in sentences. Pure. */
import type { Extension } from "../schema.gen.ts";
import type { Text } from "../text/text.ts";

export function whatRings(extension: Extension, devices: number, t: Text): readonly string[] {
  const words = t.records.phone;
  const { forward, follow_me: follow, mailbox } = extension;
  if (!extension.enabled) return [words.disabled];
  if (forward.always !== null) return [words.always(forward.always)];
  const otherwise = mailbox === null ? words.end : words.mailbox(mailbox);
  if (extension.do_not_disturb) return [words.dnd, words.busy(forward.busy ?? otherwise)];
  const own = !follow.enabled || follow.own_phones;
  const lines = own ? [devices > 0 ? words.devices(devices, extension.ring_timeout_s) : words.noDevice] : [];
  if (follow.enabled && follow.numbers.length > 0) {
    const numbers = follow.numbers.map((each) => each.number).join(", ");
    lines.push(follow.strategy === "all" || !own ? words.follow(numbers) : words.followOrder(numbers));
  }
  lines.push(words.noAnswer(forward.no_answer ?? otherwise));
  if (forward.busy !== null) lines.push(words.busy(forward.busy));
  if (forward.unreachable !== null) lines.push(words.unreachable(forward.unreachable));
  return lines;
}
