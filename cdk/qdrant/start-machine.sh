# What a new machine does before it takes tasks: it gets the volume of the index, mounts it, and joins the
# cluster. Run as root by cloud-init, before the agent of ECS starts. Whatever goes wrong, the machine does
# not join, and ends: the group starts another, which tries again.
#
# VOLUME_ID, REGION, CLUSTER  which volume, and whose machine this is
# WAIT_SECONDS, PAUSE_SECONDS how long it waits for the volume, and between two attempts
# ROOT                        in front of every path; for tests
set -euo pipefail

: "${VOLUME_ID:?}" "${REGION:?}" "${CLUSTER:?}"
root=${ROOT:-}
# By the name that the disk has itself: a letter such as /dev/sdf may be another's.
device=$root/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${VOLUME_ID/-/}
place=$root/mnt/index
deadline=$((SECONDS + ${WAIT_SECONDS:-900}))

say() { echo "index volume: $*" >&2; }

give_up() {
  say "Cannot start Qdrant as $*"
  exit 1
}

# Time to read the console, before the group replaces the machine.
trap 'status=$?; if [ "$status" -ne 0 ]; then shutdown -h +5 || true; fi; exit "$status"' EXIT

wait_or_give_up() {
  if [ "$SECONDS" -ge "$deadline" ]; then give_up "$*"; fi
  sleep "${PAUSE_SECONDS:-5}"
}

# From the repositories of Amazon Linux, which are in S3.
until command -v aws >/dev/null; do
  dnf install -y -q awscli-2 || wait_or_give_up "the AWS CLI can't be installed"
done

# A machine that is being replaced has it until it is gone. It is never taken away from one by force.
until [ -e "$device" ]; do
  said=$(aws ec2 attach-volume --region "$REGION" --volume-id "$VOLUME_ID" \
    --instance-id "$(<"$root/var/lib/cloud/data/instance-id")" --device /dev/sdf 2>&1) || say "$said"
  [ -e "$device" ] || wait_or_give_up "its volume did not come: $VOLUME_ID"
done

# A file system is made on nothing but zeros: where there is anything else a person has to look.
if kind=$(blkid -p -o value -s TYPE "$device"); then
  [ "$kind" = xfs ] || give_up "the volume has another file system than xfs: '$kind'"
else
  cmp -s -n 67108864 "$device" /dev/zero || give_up "the volume is neither empty nor readable: $VOLUME_ID"
  say "The volume is new"
  mkfs.xfs -q "$device"
fi

mkdir -p "$place"
grep -q " $place " "$root/etc/fstab" ||
  echo "$device $place xfs noatime,nofail,x-systemd.device-timeout=600 0 2" >>"$root/etc/fstab"
mountpoint -q "$place" || mount "$place"
mountpoint -q "$place" || give_up "the volume is not mounted"
# Where it was made larger.
xfs_growfs "$place" >/dev/null || say "The file system did not grow"

mkdir -p "$place/storage" "$place/snapshots"
# Of the image's user.
chown 1000:1000 "$place/storage" "$place/snapshots"

# After a reboot too: a Qdrant that starts without its volume would show an empty index.
mkdir -p "$root/etc/systemd/system/ecs.service.d" "$root/etc/ecs"
printf '[Unit]\nRequiresMountsFor=%s\n' "$place" >"$root/etc/systemd/system/ecs.service.d/volume.conf"
systemctl daemon-reload

# Last: without it the agent has no cluster to join.
cat >"$root/etc/ecs/ecs.config" <<END
ECS_CLUSTER=$CLUSTER
ECS_INSTANCE_ATTRIBUTES={"index-volume":"$VOLUME_ID"}
ECS_AWSVPC_BLOCK_IMDS=true
ECS_CONTAINER_STOP_TIMEOUT=120s
END
say "Ready"
