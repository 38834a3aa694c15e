/** Three talk together: each hears the microphone and the others, mixed here in the page. */

interface Voice {
  readonly id: string;
  /** What comes from there. */
  readonly remote: MediaStream;
  /** Puts the mix in place of the microphone; undefined: the microphone again. */
  send(track: MediaStreamTrack | undefined): Promise<void>;
}

export class Meeting {
  private readonly context = new AudioContext();
  private readonly own: GainNode;
  private voices: readonly Voice[] = [];
  private microphone: MediaStream | undefined;
  muted = false;

  constructor() {
    this.own = this.context.createGain();
  }

  get ids(): readonly string[] {
    return this.voices.map((each) => each.id);
  }

  async open(microphone: MediaStream, voices: readonly Voice[]): Promise<void> {
    this.microphone = microphone;
    await this.context.resume();
    this.context.createMediaStreamSource(microphone).connect(this.own);
    this.voices = voices;
    const sources = new Map(voices.map((each) => [each.id, this.context.createMediaStreamSource(each.remote)]));
    for (const voice of voices) {
      const into = this.context.createMediaStreamDestination();
      this.own.connect(into);
      for (const [id, source] of sources) if (id !== voice.id) source.connect(into);
      await voice.send(into.stream.getAudioTracks()[0]);
    }
  }

  mute(on: boolean): void {
    this.muted = on;
    this.own.gain.value = on ? 0 : 1;
  }

  /** Everybody gets the microphone alone again. */
  async close(): Promise<void> {
    for (const voice of this.voices) await voice.send(undefined).catch(() => undefined);
    for (const track of this.microphone?.getTracks() ?? []) track.stop();
    await this.context.close().catch(() => undefined);
    this.voices = [];
  }
}
