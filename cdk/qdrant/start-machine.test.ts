import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { useTemporaryDirectories } from '../../test/support/temporary-directory.ts';

const createDirectory = useTemporaryDirectories();
const script = join(import.meta.dirname, 'start-machine.sh');
const mebibyte = 2 ** 20;

/** What the script uses as it is on any Linux; everything else is made up below. */
const real = ['bash', 'cat', 'cmp', 'cp', 'grep', 'mkdir', 'rm', 'sleep', 'touch'];

/** They stand for a machine: `$state` has what is so, `$state/calls` what was asked. */
const stubs = {
  // Comes when nobody else has it any more, which it asks for as often as there are lines.
  aws: `
    if [ -s "$state/elsewhere" ]; then
      mapfile -t lines <"$state/elsewhere"
      unset 'lines[0]'
      : >"$state/elsewhere"
      for line in "\${lines[@]}"; do echo "$line" >>"$state/elsewhere"; done
    elif [ -e "$state/volume" ]; then
      mkdir -p "$ROOT/dev/disk/by-id"
      exec cp "$state/volume" "$device"
    fi
    echo 'An error occurred (VolumeInUse): vol-0abc is already attached to an instance' >&2
    exit 254`,
  blkid: `[ -s "$state/filesystem" ] || exit 2; cat "$state/filesystem"`,
  chown: '',
  'mkfs.xfs': 'echo xfs >"$state/filesystem"',
  mount: '[ ! -e "$state/unmountable" ] || exit 32; touch "$state/mounted"',
  mountpoint: '[ -e "$state/mounted" ]',
  shutdown: '',
  systemctl: '',
  xfs_growfs: '',
} as const;

let root: string;
let state: string;
let device: string;
beforeEach(async () => {
  root = await createDirectory();
  state = join(root, 'state');
  device = join(root, 'dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0abc');
  for (const folder of ['state', 'bin', 'etc', 'var/lib/cloud/data']) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  writeFileSync(join(root, 'var/lib/cloud/data/instance-id'), 'i-0123\n');
  writeFileSync(join(root, 'etc/fstab'), 'UUID=1234 / xfs defaults 1 1\n');
  writeFileSync(join(state, 'calls'), '');
  for (const [name, body] of Object.entries(stubs)) addCommand(name, body);
  for (const name of real) {
    const { stdout } = spawnSync('which', [name], { encoding: 'utf8' });
    symlinkSync(stdout.trim(), join(root, 'bin', name));
  }
});

function addCommand(name: string, body: string): void {
  const file = join(root, 'bin', name);
  writeFileSync(file, `#!/bin/bash\necho "${name} $*" >>"$state/calls"\n${body}\n`);
  chmodSync(file, 0o755);
}

/** A volume that is there to be attached: as long as a small one, and zeros but for its beginning. */
function addVolume(begin = '', bytes = 70 * mebibyte): void {
  writeFileSync(join(state, 'volume'), begin);
  truncateSync(join(state, 'volume'), bytes);
}

function addFileSystem(kind: string): void {
  addVolume('XFSB and then the index');
  writeFileSync(join(state, 'filesystem'), `${kind}\n`);
}

function start(more: Readonly<Record<string, string>> = {}) {
  const env = {
    PATH: join(root, 'bin'),
    ROOT: root,
    VOLUME_ID: 'vol-0abc',
    REGION: 'eu-central-1',
    CLUSTER: 'qdrant-cluster',
    PAUSE_SECONDS: '0.01',
    state,
    device,
    ...more,
  };
  const { status, stderr } = spawnSync('/bin/bash', [script], { env, encoding: 'utf8' });
  const calls = readFileSync(join(state, 'calls'), 'utf8').split('\n').filter(Boolean);
  const called = (name: string) => calls.filter((call) => call.startsWith(`${name} `));
  return { status, stderr, calls, called };
}

const config = () => join(root, 'etc/ecs/ecs.config');

function expectJoined({ status, stderr, called }: ReturnType<typeof start>): void {
  expect(stderr).not.toContain('Cannot');
  expect(status).toBe(0);
  expect(called('shutdown')).toEqual([]);
  expect(existsSync(join(state, 'mounted'))).toBe(true);
  expect(readFileSync(config(), 'utf8').split('\n')).toEqual(
    expect.arrayContaining([
      'ECS_CLUSTER=qdrant-cluster',
      'ECS_INSTANCE_ATTRIBUTES={"index-volume":"vol-0abc"}',
    ]),
  );
}

/** Without a cluster to join nothing starts on the machine, and the group makes another. */
function expectGivenUp(run: ReturnType<typeof start>, why: string): void {
  expect(run.status).toBe(1);
  expect(run.stderr).toContain(why);
  expect(run.called('mkfs.xfs')).toEqual([]);
  expect(run.called('shutdown')).toHaveLength(1);
  expect(existsSync(config())).toBe(false);
}

describe('a machine that starts', () => {
  it('makes a file system on a volume that is new, mounts it and joins the cluster', () => {
    addVolume();
    const run = start();
    expectJoined(run);
    expect(run.called('mkfs.xfs')).toEqual([`mkfs.xfs -q ${device}`]);
    expect(run.called('aws')).toEqual([
      'aws ec2 attach-volume --region eu-central-1 --volume-id vol-0abc --instance-id i-0123 --device /dev/sdf',
    ]);
    for (const folder of ['storage', 'snapshots']) {
      expect(existsSync(join(root, 'mnt/index', folder))).toBe(true);
    }
    expect(run.called('chown')).toEqual([
      `chown 1000:1000 ${root}/mnt/index/storage ${root}/mnt/index/snapshots`,
    ]);
  });

  it('keeps what is on a volume that has an index', () => {
    addFileSystem('xfs');
    const run = start();
    expectJoined(run);
    expect(run.called('mkfs.xfs')).toEqual([]);
    expect(readFileSync(device, 'latin1').slice(0, 23)).toBe('XFSB and then the index');
    expect(run.called('xfs_growfs')).toHaveLength(1);
  });

  it('waits while another machine has the volume, and takes it from nobody', () => {
    addFileSystem('xfs');
    writeFileSync(join(state, 'elsewhere'), 'old machine\n'.repeat(4));
    const run = start();
    expectJoined(run);
    expect(run.called('aws')).toHaveLength(5);
    expect(run.calls.join('\n')).not.toMatch(/detach|force/);
  });

  it('gives up after a while without the volume', () => {
    const run = start({ WAIT_SECONDS: '1' });
    expect(run.called('aws').length).toBeGreaterThan(1);
    expectGivenUp(run, 'its volume did not come: vol-0abc');
  });

  it.each([
    ['which nobody knows', 'something precious'],
    ['which begins late', `${'\0'.repeat(8 * mebibyte)}something precious`],
  ])('never makes a file system where something is, %s', (_, content) => {
    addVolume(content);
    expectGivenUp(start(), 'the volume is neither empty nor readable');
    expect(readFileSync(device, 'latin1')).toContain('something precious');
  });

  it('never makes a file system on what it cannot read whole', () => {
    addVolume('', mebibyte);
    const run = start();
    expect(run.called('blkid')).toHaveLength(1);
    expectGivenUp(run, 'the volume is neither empty nor readable');
  });

  it.each(['ext4', 'LVM2_member', ''])('leaves a volume with %j alone', (kind) => {
    addFileSystem(kind);
    // A partition table without a file system is something, and has no name here.
    if (kind === '') addCommand('blkid', 'exit 0');
    const run = start();
    expect(run.called('mount')).toEqual([]);
    expectGivenUp(run, `the volume has another file system than xfs: '${kind}'`);
  });

  it('does not join when the volume cannot be mounted', () => {
    addFileSystem('xfs');
    writeFileSync(join(state, 'unmountable'), '');
    const run = start();
    expect(run.status).not.toBe(0);
    expect(run.called('shutdown')).toHaveLength(1);
    expect(existsSync(config())).toBe(false);
  });

  it('does not join when mounting did nothing', () => {
    addFileSystem('xfs');
    addCommand('mount', '');
    const run = start();
    expect(run.called('mount')).toHaveLength(1);
    expectGivenUp(run, 'the volume is not mounted');
  });

  it('installs the AWS CLI where there is none, and tries again when that fails', () => {
    addFileSystem('xfs');
    writeFileSync(join(root, 'bin/aws-of-the-package'), readFileSync(join(root, 'bin/aws')));
    chmodSync(join(root, 'bin/aws-of-the-package'), 0o755);
    spawnSync('rm', [join(root, 'bin/aws')]);
    addCommand(
      'dnf',
      '[ -e "$state/tried" ] || { touch "$state/tried"; exit 1; }; cp "$ROOT/bin/aws-of-the-package" "$ROOT/bin/aws"',
    );
    const run = start();
    expectJoined(run);
    expect(run.called('dnf')).toEqual(Array(2).fill('dnf install -y -q awscli-2'));
  });

  it('mounts the volume at every later start too, before the agent may take a task', () => {
    addFileSystem('xfs');
    expectJoined(start());
    const place = join(root, 'mnt/index');
    expect(readFileSync(join(root, 'etc/fstab'), 'utf8').split('\n')).toEqual([
      'UUID=1234 / xfs defaults 1 1',
      `${device} ${place} xfs noatime,nofail,x-systemd.device-timeout=600 0 2`,
      '',
    ]);
    const unit = join(root, 'etc/systemd/system/ecs.service.d/volume.conf');
    expect(readFileSync(unit, 'utf8')).toBe(`[Unit]\nRequiresMountsFor=${place}\n`);
  });

  it('does the same when it is run again, and nothing twice', () => {
    addFileSystem('xfs');
    expectJoined(start());
    const again = start();
    expectJoined(again);
    expect(again.called('aws')).toHaveLength(1);
    expect(again.called('mount')).toHaveLength(1);
    expect(readFileSync(join(root, 'etc/fstab'), 'utf8').match(/mnt\/index/g)).toHaveLength(1);
  });

  it.each(['VOLUME_ID', 'REGION', 'CLUSTER'])('needs %s', (name) => {
    addVolume();
    const run = start({ [name]: '' });
    expect(run.status).not.toBe(0);
    expect(run.called('mkfs.xfs')).toEqual([]);
  });
});

describe('what reports the disk', () => {
  it('writes a line of the embedded metric format, and ends when it is told to', () => {
    const report = join(dirname(script), 'report-disk.sh');
    const { stdout, status } = spawnSync(
      'timeout',
      ['--signal=TERM', '--preserve-status', '2', 'bash', report],
      { env: { PATH: process.env['PATH'], PLACE: root, NAMESPACE: 'N', ENVIRONMENT_NAME: 'test' } },
    );
    expect(status).toBe(0);
    const [line, ...more] = stdout.toString().trim().split('\n');
    expect(more).toEqual([]);
    const document = JSON.parse(line ?? '');
    expect(document).toMatchObject({
      _aws: {
        CloudWatchMetrics: [
          {
            Namespace: 'N',
            Dimensions: [['service', 'environment']],
            Metrics: [{ Name: 'disk_used', Unit: 'Percent' }],
          },
        ],
      },
      service: 'qdrant',
      environment: 'test',
    });
    expect(document.disk_used).toBeGreaterThanOrEqual(0);
    expect(document.disk_used).toBeLessThanOrEqual(100);
    expect(document['_aws'].Timestamp).toBeGreaterThan(Date.UTC(2025, 0, 1));
  });
});
