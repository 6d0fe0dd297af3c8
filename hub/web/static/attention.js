// How much waits, before the page's title: what its parts count, together. And two short tones, made here.
const counts = new Map();

function write() {
  const sum = [...counts.values()].reduce((all, one) => all + one, 0);
  const plain = document.title.replace(/^\(\d+\+?\) /, "");
  const title = sum ? `(${sum > 99 ? "99+" : sum}) ${plain}` : plain;
  if (document.title !== title) document.title = title;
}

export function countInTitle(what, number) {
  counts.set(what, number);
  write();
}

document.addEventListener("htmx:after:swap", write);

export function ring() {
  const audio = new AudioContext();
  const volume = audio.createGain();
  volume.gain.setValueAtTime(0.12, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.5);
  volume.connect(audio.destination);
  for (const [pitch, after] of [[660, 0], [880, 0.14]]) {
    const tone = audio.createOscillator();
    tone.frequency.value = pitch;
    tone.connect(volume);
    tone.start(audio.currentTime + after);
    tone.stop(audio.currentTime + 0.5);
    tone.onended = () => audio.close();
  }
}
