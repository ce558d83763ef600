/** GiB of memory for each vCPU, by the letter and number of a family. */
const gibPerVcpu: Readonly<Record<string, number>> = {
  c7i: 2,
  c7a: 2,
  m7i: 4,
  m7a: 4,
  r7i: 8,
  g5: 4,
  g6: 4,
  g6e: 8,
};

/** What a machine of that type has, such as `g6.2xlarge`: a size has the same vCPUs in all of these. */
export function sizeOfMachine(instanceType: string): { vcpus: number; memoryMb: number } {
  const [, family = '', times] = /^(\w+)\.(\d*)xlarge$/.exec(instanceType) ?? [];
  const gib = gibPerVcpu[family];
  if (times === undefined || gib === undefined) {
    throw new Error(
      `Cannot size a job as cdk/constructs/machine-size.ts does not know: ${instanceType}`,
    );
  }
  const vcpus = 4 * Number(times === '' ? 1 : times);
  return { vcpus, memoryMb: vcpus * gib * 1024 };
}
