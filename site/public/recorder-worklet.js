/** Hands the microphone's samples to the page, a tenth of a second at a time. Plain JavaScript: it is loaded as it is. */
class Recorder extends AudioWorkletProcessor {
  constructor() {
    super();
    this.kept = new Float32Array(Math.round(sampleRate / 10));
    this.filled = 0;
  }

  process(inputs) {
    const samples = inputs[0]?.[0];
    if (samples === undefined) return true;
    for (const sample of samples) {
      this.kept[this.filled++] = sample;
      if (this.filled === this.kept.length) {
        this.port.postMessage(this.kept.slice());
        this.filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("recorder", Recorder);
