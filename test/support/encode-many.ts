import { createOnnxEncoder } from '../../adapters/onnx-encoder.ts';
import { seededRandom } from './random.ts';

// Encodes texts of random lengths in calls of random sizes, and prints the resident memory in MB
// after every thousand: a process of its own, so that nothing else is in the number.
const [directory = '', total = '0'] = process.argv.slice(2);
const words = ['a', 'red', 'dog', 'snow', 'playing', 'mountain', 'birthday', 'in', 'the', 'cake'];
const random = seededRandom(7);
const below = (limit: number): number => Math.floor(random() * limit);

const encoder = await createOnnxEncoder({ directory });
if (!encoder.ok) throw new Error(encoder.error.detail);
const residentMb: number[] = [];
for (let done = 0; done < Number(total);) {
  const calls = Array.from({ length: 1 + below(4) }, () =>
    Array.from({ length: 1 + below(12) }, () =>
      Array.from({ length: 1 + below(70) }, () => words[below(words.length)]).join(' '),
    ),
  );
  for (const result of await Promise.all(calls.map((texts) => encoder.value.encodeTexts(texts)))) {
    if (!result.ok) throw new Error(result.error.detail);
    done += result.value.length;
    if (Math.floor(done / 1000) > residentMb.length) {
      residentMb.push(Math.round(process.memoryUsage.rss() / 2 ** 20));
    }
  }
}
await encoder.value.close();
process.stdout.write(`${JSON.stringify(residentMb)}\n`);
