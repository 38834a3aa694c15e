/** What the health list says, by the code of the cause. A code that is not here is shown in the node's own English. */
type Facts = Readonly<Record<string, string>>;
export type HealthWords = readonly [cause: string, action: string];

export const health: Readonly<Record<string, (facts: Facts) => HealthWords>> = {
  no_extensions: () => ["There is no extension yet, so no phone can register.", "Create one on the page Phones."],
  records_lost: (f) => [`${f["count"] ?? ""} call records could not be stored and are lost.`, "Make room on the disk and look at the log."],
  records_wait: (f) => [
    `${f["count"] ?? ""} call records wait in memory, because the disk takes none. Calls go on.`,
    "Make room on the disk: they are stored then. A restart before that loses them.",
  ],
  disk_full: () => [
    "The disk is full. Calls go on; recordings and messages are not kept.",
    "Make room on that disk: old recordings, backups, logs.",
  ],
  disk_low: (f) => [`Only ${f["free_mb"] ?? ""} MB are free on the disk.`, "Make room on that disk: old recordings, backups, logs."],
  refused_ports: () => [
    "No audio ports were free: calls were refused within the last hour.",
    "Widen the range of audio ports (--rtp-port-min and --rtp-port-max).",
  ],
  refused_files: () => ["Too many files were open: calls were refused within the last hour.", "Raise LimitNOFILE in the unit, or ulimit -n."],
  refused_memory: () => [
    "The memory limit was reached: calls were refused within the last hour.",
    "Give the node more memory, or raise --memory-limit-mb.",
  ],
  late: (f) => [
    `The node was late by ${f["seconds"] ?? ""} s within the last minute: ringing and picking up take longer.`,
    "Look what else runs on the machine, or give it a faster processor.",
  ],
  lines_down: (f) => [
    `Lines to the outside are down: ${f["lines"] ?? ""}. ${f["error"] ?? ""}`.trim(),
    "Test them on the page Trunks: the test says where it ends.",
  ],
  names_gone: (f) => [
    `No name server has had an answer since ${f["since"] ?? ""} UTC. What was found before goes on working for a day; new names are not found.`,
    "Look at the router and the Internet. Other name servers can be set with --dns-servers.",
  ],
  names_failing: (f) => [
    `The name servers do not say since ${f["since"] ?? ""} UTC where ${f["names"] ?? ""} is. What was found before goes on working for a day.`,
    "Ask whoever keeps these names, or set other name servers with --dns-servers.",
  ],
  names_denied: (f) => [
    `The name servers say since ${f["since"] ?? ""} UTC that there is no ${f["names"] ?? ""}. The addresses of before are used for an hour.`,
    "Look whether the name is still right, and whether these name servers can be trusted.",
  ],
  hold_music: (f) => [
    `The hold music cannot be played: ${f["why"] ?? ""}`,
    "Put the file into the folder sounds, or choose another in the settings.",
  ],
  flows_broken: (f) => [`Flows that cannot take calls: ${f["flows"] ?? ""} (${f["why"] ?? ""}).`, "Open the flow, mend it, and publish it."],
  no_voice: () => ["The node has no voice: tones are heard in place of speech.", "Run “pbx doctor” on the node."],
  voice_fails: (f) => [`The voice does not work: ${f["why"] ?? ""}`, "Run “pbx doctor” on the node."],
  bundle: (f) => [`The configuration bundle was not applied: ${f["why"] ?? ""}`, "Look at the page Documents: nothing was changed, and it is tried again."],
  replica: (f) => [`The replica is not kept up: ${f["why"] ?? ""}`, f["action"] ?? ""],
  drill_failed: (f) => [
    `The last restore drill failed: ${f["why"] ?? ""}`,
    "A new snapshot is made. Run the drill again; if it fails again, look at the replica.",
  ],
  do_not_wake: (f) => [
    `Calls do not reach these phones, since they do not wake: ${f["phones"] ?? ""}.`,
    "Look at the page “Phones that sleep”: it says why.",
  ],
  self_call: () => ["Calls work: the node has called itself after the upgrade.", ""],
  self_call_failed: (f) => [
    `After the upgrade the node called itself, and ${f["why"] ?? ""}.`,
    "Try a call between two phones. If it fails, stop the node, run “pbx rollback”, and install the version of before.",
  ],
  upgraded: (f) => [
    `Upgraded on ${f["date"] ?? ""}: ${f["what"] ?? ""}.${f["kept"] ? ` The database of before is kept in ${f["kept"]}.` : ""}`,
    "",
  ],
};

export const callQuality = {
  over: "How it sounded over the call (MOS, the worst of each moment)",
  from: "as it arrived here",
  to: "as the phone reports",
  point: (minute: string, mos: string) => `${minute}: MOS ${mos}`,
  unknown: "not known",
  path: (remote: string, port: number) => `Audio ${remote} ↔ port ${port}`,
  encryption: { plain: "not encrypted", sdes: "encrypted (SDES)", dtls: "encrypted (DTLS)" } as Readonly<Record<string, string>>,
};
