/** A phone in a page, for tests: JsSIP and nothing else. What it hears is kept as samples; what it says is Chromium's. */
import * as JsSIP from "jssip";

const MIC = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
const events = [];
const sessions = new Map();
let agent, codec, ice, own, by, serial = 0;
let heard = [];
let context, worklet;

const tell = (name, detail = {}) => events.push({ name, at: performance.now(), ...detail });

/** Leave of the audio's formats only those of one codec, and telephone-event. */
function only(sdp, name) {
  const kept = [...sdp.matchAll(/^a=rtpmap:(\d+) ([^/\r\n]+)/gm)]
    .filter(([, , what]) => [name.toLowerCase(), "telephone-event"].includes(what.toLowerCase()))
    .map(([, number]) => number);
  return sdp
    .replace(/^(m=audio \d+ \S+) .*$/m, (_, head) => `${head} ${kept.join(" ")}`)
    .replace(/^a=(rtpmap|fmtp|rtcp-fb):(\d+) .*\r\n/gm, (line, _, number) => (kept.includes(number) ? line : ""));
}

/** A microphone that hears this tone, in place of Chromium's. */
function tone(hz) {
  context ??= new AudioContext({ sampleRate: 48000 });
  const source = context.createOscillator();
  const volume = context.createGain();
  const out = context.createMediaStreamDestination();
  source.frequency.value = hz;
  volume.gain.value = 10 ** (-12 / 20);
  source.connect(volume).connect(out);
  source.start();
  return out.stream;
}

/** The other side's only candidate becomes a relay of the test's. */
const redirected = (sdp) =>
  sdp
    .replace(/^a=candidate:.*\r\n/gm, "")
    .replace(/^a=end-of-candidates\r\n/m, `a=candidate:1 1 udp 2130706431 ${by} typ host\r\na=end-of-candidates\r\n`);

/** Runs in the audio thread, which a busy page does not hold up: samples in blocks, and when there is first a sound. */
const EARS = `registerProcessor("ears", class extends AudioWorkletProcessor {
  block = new Float32Array(4096); at = 0; silent = true;
  process([[samples]]) {
    if (!samples) return true;
    if (this.silent && samples.some((value) => Math.abs(value) > 0.02)) {
      this.silent = false;
      this.port.postMessage("audio");
    }
    this.block.set(samples, this.at);
    this.at += samples.length;
    if (this.at === this.block.length) {
      this.port.postMessage(this.block.slice());
      this.at = 0;
    }
    return true;
  }
});`;

async function listen(stream) {
  const element = new Audio();
  element.srcObject = stream;
  element.play().catch((error) => tell("playback failed", { error: String(error) }));
  context ??= new AudioContext({ sampleRate: 48000 });
  worklet ??= context.audioWorklet.addModule(URL.createObjectURL(new Blob([EARS], { type: "text/javascript" })));
  await worklet;
  const ears = new AudioWorkletNode(context, "ears", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
  ears.port.onmessage = ({ data }) => (data === "audio" ? tell("audio") : heard.push(data));
  context.createMediaStreamSource(stream).connect(ears);
}

function follow(session) {
  const id = String((serial += 1));
  sessions.set(id, session);
  const watch = (connection) => {
    connection.ontrack = ({ track, streams }) => listen(streams[0] ?? new MediaStream([track]));
    connection.oniceconnectionstatechange = () => tell("ice", { id, state: connection.iceConnectionState });
    connection.onconnectionstatechange = () => tell("connection", { id, state: connection.connectionState });
  };
  session.on("peerconnection", ({ peerconnection }) => watch(peerconnection));
  if (session.connection) watch(session.connection);
  session.on("icecandidate", ({ candidate, ready }) => candidate?.type === "srflx" && ready());
  session.on("sdp", (data) => {
    if (data.originator === "local" && codec) data.sdp = only(data.sdp, codec);
    if (data.originator === "remote" && by) data.sdp = redirected(data.sdp);
    tell("sdp", { id, originator: data.originator, type: data.type, sdp: data.sdp });
  });
  for (const name of ["progress", "accepted", "confirmed", "hold", "unhold", "muted", "refer", "replaces"])
    session.on(name, () => tell(name, { id }));
  session.on("newDTMF", ({ originator, dtmf }) => tell("dtmf", { id, originator, tone: dtmf.tone }));
  session.on("ended", ({ cause, originator }) => tell("ended", { id, cause, originator }));
  session.on("failed", ({ cause, message }) => tell("failed", { id, cause, status: message?.status_code }));
  return id;
}

const options = () => ({
  ...(own ? { mediaStream: own } : {}),
  mediaConstraints: { audio: MIC, video: false },
  pcConfig: { iceServers: ice ?? [], ...(globalThis.relayOnly ? { iceTransportPolicy: "relay" } : {}) },
  rtcOfferConstraints: { offerToReceiveAudio: true, offerToReceiveVideo: false },
});

globalThis.phone = {
  events,
  start(login, wanted, hz) {
    codec = wanted;
    own = hz ? tone(hz) : undefined;
    ice = login.ice_servers;
    agent = new JsSIP.UA({
      sockets: [new JsSIP.WebSocketInterface(login.web_sockets[0])],
      uri: login.uri,
      authorization_user: login.authorization_username,
      password: login.password,
      instance_id: login.instance.replace("urn:uuid:", ""),
      register: true,
    });
    agent.on("connected", () => tell("connected"));
    agent.on("disconnected", ({ code, reason }) => tell("disconnected", { code, reason }));
    agent.on("registered", () => tell("registered"));
    agent.on("registrationFailed", ({ cause }) => tell("registration failed", { cause }));
    agent.on("newRTCSession", ({ originator, session }) => {
      if (originator === "remote") tell("incoming", { id: follow(session), from: session.remote_identity.uri.user });
    });
    agent.start();
  },
  speak(name) {
    codec = name;
  },
  through(address) {
    by = address;
  },
  /** Audio goes through a TURN server or not at all. */
  relayOnly() {
    globalThis.relayOnly = true;
  },
  stop: () => agent.stop(),
  call(target) {
    tell("dialling");
    const handlers = {};
    const session = agent.call(target, { ...options(), eventHandlers: handlers });
    return follow(session);
  },
  answer(id) {
    tell("answering", { id });
    sessions.get(id).answer(options());
  },
  hangup(id) {
    sessions.get(id).terminate();
  },
  hold: (id) => sessions.get(id).hold(),
  unhold: (id) => sessions.get(id).unhold(),
  restart: (id) => sessions.get(id).renegotiate({ rtcOfferConstraints: { iceRestart: true } }),
  dtmf(id, tones) {
    sessions.get(id).sendDTMF(tones, { transportType: "RFC2833" });
  },
  transfer(id, target, replaces) {
    sessions.get(id).refer(target, replaces ? { replaces: sessions.get(replaces) } : {});
  },
  forget() {
    heard = [];
  },
  /** Everything that was heard, at 48 kHz: 16 bits a sample, base64. */
  heard() {
    const length = heard.reduce((sum, each) => sum + each.length, 0);
    const samples = new Int16Array(length);
    let at = 0;
    for (const each of heard)
      for (const value of each) samples[at++] = Math.max(-32768, Math.min(32767, Math.round(value * 32767)));
    const bytes = new Uint8Array(samples.buffer);
    let text = "";
    for (let from = 0; from < bytes.length; from += 32768)
      text += String.fromCharCode(...bytes.subarray(from, from + 32768));
    return btoa(text);
  },
  async stats(id) {
    const found = [];
    for (const each of (await sessions.get(id).connection.getStats()).values()) found.push(each);
    return found;
  },
};
