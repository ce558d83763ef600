import { announceEverySeconds } from '../core/announced-generation.ts';
import { type CostCase, type CostLine, linesOf } from './cost-lines.ts';
import { costPrices } from './cost-prices.ts';
import { frontFacts } from './cost-front.ts';
import { hourlyOf } from './cost-service.ts';

/** What is taken for granted of a picture on its way into the index. */
const pictureFacts = {
  /** Of index-images: decoded, made smaller, encoded here or by the service. */
  encodeSeconds: { function: 0.4, service: 0.15 },
  /** S3: the upload and the thumbnail; GET, look, look again. */
  puts: 2,
  gets: 3,
  /** SQS: sent, received, deleted, of which ten go in one request at best: three to be safe. */
  queueRequests: 3,
  /** Lambda asks an empty queue: five pollers, each every twenty seconds. */
  emptyPolls: 5 * 3 * 60 * costPrices.hoursPerMonth,
  /** Of one machine of the backfill, with the large model: docs/operations.md. */
  backfillPerSecond: 107,
  /** Pictures come together: CloudFront is told of ten at once, and at most every `announceEverySeconds`. */
  picturesPerAnnouncement: 10,
  /** One while its function is warm, two at its start. */
  callsPerAnnouncement: 2,
} as const;

const { s3, sqsPerMillion, lambda, lambdaX86, front, hoursPerMonth } = costPrices;

/** Pictures: kept, taken in, and compared with the index every night. */
export function pictureLines({ settings, usage }: CostCase): CostLine[] {
  const { pictures, pictureKb, uploadsPerMonth: uploads } = usage;
  const gb = (pictures * (pictureKb + frontFacts.thumbnailKb)) / 1e6;
  const { memoryMb, encodeIn } = settings.indexing;
  const seconds = uploads * pictureFacts.encodeSeconds[encodeIn] * (memoryMb / 1024);
  // As functions/reconcile has it: 870 s for two million, 512 MB; thirty nights.
  const reconcileSeconds = Math.min(870, (pictures / 2e6) * 870) * 0.5 * 30;
  const announced = announcements(uploads) * pictureFacts.callsPerAnnouncement;
  const came = (item: string, quantity: number, unit: string, price: number) =>
    ({ item, quantity, unit, price, by: 'uploads' }) as const;
  return linesOf('pictures', [
    { item: 'S3, kept', quantity: gb, unit: 'GB', price: s3.perGbMonth, by: 'pictures' },
    came('S3, written', (uploads * pictureFacts.puts) / 1000, 'thousand', s3.putPerThousand),
    came('S3, read', (uploads * pictureFacts.gets) / 1000, 'thousand', s3.getPerThousand),
    came('queue', (uploads * pictureFacts.queueRequests) / 1e6, 'million', sqsPerMillion),
    came('index-images', seconds, 'GB second', lambdaX86.perGbSecond),
    came('CloudFront is told', announced / 1000, 'thousand', front.keyCallsPerThousand),
    {
      item: 'queue, asked in vain',
      quantity: pictureFacts.emptyPolls / 1e6,
      unit: 'million',
      price: sqsPerMillion,
      by: 'always',
    },
    {
      item: 'reconcile',
      quantity: reconcileSeconds,
      unit: 'GB second',
      price: lambda.perGbSecond,
      by: 'pictures',
    },
  ]);
}

function announcements(uploads: number): number {
  const most = (hoursPerMonth * 3600) / announceEverySeconds;
  return Math.min(uploads / pictureFacts.picturesPerAnnouncement, most);
}

/** USD to index a million pictures that are in the bucket, once: machines of the backfill, requests of S3. */
export function backfillMillionUsd({ settings }: CostCase): number {
  const hours = 1e6 / pictureFacts.backfillPerSecond / 3600;
  const requests = s3.putPerThousand + pictureFacts.gets * s3.getPerThousand;
  return hours * hourlyOf(settings.backfill.instanceType) + 1000 * requests;
}

/** Of the benchmark that runs by itself, for the hours of a month. */
export function runsPerMonth(everyMinutes: number): number {
  return (hoursPerMonth * 60) / everyMinutes;
}
