package io.lighterage.app.containerd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.mirror.Fault;
import io.lighterage.mirror.LayoutUpstream;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.mirror.MirrorServer;
import io.lighterage.proxyplugin.Containerd;
import io.lighterage.proxyplugin.Programs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Processes read a container's file system in every way there is, while it fills, fetches fail and the daemon is
/// killed: never a wrong byte, never a failed read.
@Timeout(3600)
class KilledDaemonStressTest {
    private static final int PROCESSES = 16;
    private static final int KILLS = Boolean.getBoolean("lighterage.full") ? 100 : 8;
    private static final int LARGE = 64 << 20;
    private static final long SEED = 20_261_127;

    /// Reads random ranges until a file appears and compares them with a copy; prints how long each read took, in
    /// microseconds. Some empty the page cache before, so that the daemon is asked when all is here, too.
    /// The kernel reads no EROFS that lies in a file with `O_DIRECT`.
    private static final String READER = """
            import mmap, os, random, sys, time
            mounted, copy, seed, stop = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
            rnd = random.Random(seed)
            expected = mmap.mmap(os.open(copy, os.O_RDONLY), 0, prot=mmap.PROT_READ)
            name = os.path.join(mounted, 'noise')
            busybox = os.path.join(mounted, 'bin/busybox')
            took = []
            def check(how, got, at):
                if not got or got != expected[at:at + len(got)]:
                    print('wrong', how, at, len(got), 'seed', seed, flush=True)
                    os._exit(3)
            def plain(at, length):
                fd = os.open(name, os.O_RDONLY)
                check('read', os.pread(fd, length, at), at)
                os.close(fd)
            def mapped(at, length):
                fd = os.open(name, os.O_RDONLY)
                with mmap.mmap(fd, 0, prot=mmap.PROT_READ) as m:
                    check('mmap', m[at:at + length], at)
                os.close(fd)
            def spliced(at, length):
                fd = os.open(name, os.O_RDONLY)
                out, into = os.pipe()
                n = os.splice(fd, into, min(length, 65536), offset_src=at)
                check('splice', os.read(out, n), at)
                for each in (fd, out, into): os.close(each)
            def uncached(at, length):
                fd = os.open(name, os.O_RDONLY)
                os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
                check('uncached', os.pread(fd, length, at), at)
                os.close(fd)
            def executed(at, length):
                child = os.fork()
                if child == 0:
                    os.execv(busybox, ['true'])
                if os.waitpid(child, 0)[1] != 0:
                    print('wrong exec', flush=True)
                    os._exit(4)
            ways = [plain, mapped, spliced, uncached, uncached, executed]
            while not os.path.exists(stop):
                at = rnd.randrange(len(expected) - 1)
                length = 1 + rnd.randrange(min(300000, len(expected) - at))
                way = rnd.choice(ways)
                begun = time.monotonic()
                try:
                    way(at, length)
                except OSError as e:
                    print('failed', way.__name__, at, length, e, 'seed', seed, flush=True)
                    os._exit(5)
                took.append(int((time.monotonic() - begun) * 1e6))
                time.sleep(0.02)
            print('right', *took)
            """;

    @TempDir
    Path folder;

    @Test
    void noReadFailsAndNoByteIsWrongWhileTheDaemonIsKilled() throws Exception {
        Programs.require("containerd", "ctr", "ctr-remote", "busybox", "python3");
        assumeTrue(Files.readString(Path.of("/proc/filesystems")).contains("erofs"), "needs EROFS");
        Path plain = BusyImage.plain(folder.resolve("plain"), BusyImage.layers(LARGE));
        Path lazy = BusyImage.lazy(folder.resolve("lazy"), plain, folder.resolve("work"));
        try (MirrorServer registry = MirrorServer.start(MirrorOptions.defaults(), new LayoutUpstream("app", lazy));
                ServingProcess serving = ServingProcess.start(folder, "--mounter", "erofs", "--bandwidth", "500000");
                Containerd containerd = Containerd.start(folder.resolve("containerd"), serving.socket())) {
            Path seen = view(containerd, registry.hostPort() + "/app:latest");
            try {
                Path stop = folder.resolve("stop");
                List<Process> readers = readers(seen, stop);
                kill(serving, registry);
                Files.createFile(stop);
                report(readers);
            } finally {
                Programs.run(folder, Map.of(), "umount", "-l", seen.toString());
            }
        }
    }

    /// What a container would have as its root, mounted here.
    private Path view(Containerd containerd, String image) throws Exception {
        containerd.rpull(image);
        String[] snapshots = {"snapshot", "--snapshotter", Containerd.SNAPSHOTTER};
        List<String[]> rows = containerd
                .ctr(snapshots[0], snapshots[1], snapshots[2], "ls")
                .lines()
                .skip(1)
                .map(line -> line.trim().split(" +"))
                .toList();
        List<String> parents =
                rows.stream().filter(row -> row.length == 3).map(row -> row[1]).toList();
        String top = rows.stream()
                .map(row -> row[0])
                .filter(name -> !parents.contains(name))
                .findFirst()
                .orElseThrow();
        Path target = Files.createDirectory(folder.resolve("seen"));
        String mount = containerd.ctr(
                snapshots[0], snapshots[1], snapshots[2], "prepare", "--target", target.toString(), "look", top);
        Programs.run(folder, Map.of(), "sh", "-c", mount);
        return target;
    }

    private List<Process> readers(Path seen, Path stop) throws IOException {
        byte[] noise = new byte[LARGE];
        new Random(LARGE).nextBytes(noise);
        Path copy = Files.write(folder.resolve("copy"), noise);
        Path script = Files.writeString(folder.resolve("reader.py"), READER);
        List<Process> readers = new ArrayList<>();
        for (int i = 0; i < PROCESSES; i++) {
            readers.add(new ProcessBuilder(
                            "python3",
                            script.toString(),
                            seen.toString(),
                            copy.toString(),
                            Long.toString(SEED + i),
                            stop.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(folder.resolve("reader-" + i).toFile())
                    .start());
        }
        return readers;
    }

    private static void kill(ServingProcess serving, MirrorServer registry) throws Exception {
        Random random = new Random(SEED);
        for (int kills = 0; kills < KILLS; kills++) {
            Fault fault = switch (random.nextInt(3)) {
                case 0 -> new Fault.Drop();
                case 1 -> new Fault.Cut(random.nextInt(100_000));
                default -> Fault.status(503);
            };
            registry.faults().nextBlobs(1, fault);
            TimeUnit.MILLISECONDS.sleep(500 + random.nextInt(1500));
            serving.kill();
            serving.startAgain();
        }
        TimeUnit.MILLISECONDS.sleep(500);
    }

    private void report(List<Process> readers) throws Exception {
        List<Long> all = new ArrayList<>();
        for (int i = 0; i < readers.size(); i++) {
            assertThat(readers.get(i).waitFor(120, TimeUnit.SECONDS)).isTrue();
            String said = Files.readString(folder.resolve("reader-" + i), StandardCharsets.UTF_8);
            assertThat(said).startsWith("right ");
            for (String micros : said.strip().split(" ")) {
                if (!micros.equals("right")) {
                    all.add(Long.parseLong(micros));
                }
            }
        }
        assertThat(all).hasSizeGreaterThan(PROCESSES * 2);
        all.sort(null);
        System.out.printf(
                "killed %d times: %d reads, p50 %.1f ms, p99 %.1f ms, longest %.1f ms%n",
                KILLS,
                all.size(),
                all.get(all.size() / 2) / 1e3,
                all.get(all.size() * 99 / 100) / 1e3,
                all.getLast() / 1e3);
    }
}
