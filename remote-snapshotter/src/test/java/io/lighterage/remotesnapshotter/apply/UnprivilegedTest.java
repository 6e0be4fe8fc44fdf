package io.lighterage.remotesnapshotter.apply;

import static io.lighterage.stargz.tar.Tars.charDevice;
import static io.lighterage.stargz.tar.Tars.dir;
import static io.lighterage.stargz.tar.Tars.fifo;
import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.hardlink;
import static io.lighterage.stargz.tar.Tars.opaque;
import static io.lighterage.stargz.tar.Tars.symlink;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static io.lighterage.stargz.tar.Tars.whiteout;
import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.Flags;
import io.lighterage.stargz.RawName;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// An ordinary user unpacks: to the kernel ids belong to threads, so one thread of this root process becomes nobody.
class UnprivilegedTest {
    private static final int NOBODY = 65_534;

    @TempDir
    Path scratch;

    private Path target;

    @BeforeEach
    void begin() throws IOException {
        Unpacking.assumeRoot();
        Files.setPosixFilePermissions(scratch, PosixFilePermissions.fromString("rwxrwxrwx"));
        target = scratch.resolve("root");
    }

    private static <T> T asNobody(Callable<T> work) throws Exception {
        FutureTask<T> task = new FutureTask<>(() -> {
            long groups = Flags.O_DIRECTORY == 0x4000 ? 159 : 116;
            long setGid = Flags.O_DIRECTORY == 0x4000 ? 149 : 119;
            long setUid = Flags.O_DIRECTORY == 0x4000 ? 147 : 117;
            Linker linker = Linker.nativeLinker();
            MethodHandle syscall = linker.downcallHandle(
                    linker.defaultLookup().findOrThrow("syscall"),
                    FunctionDescriptor.of(
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG));
            try {
                long failed = (long) syscall.invokeExact(groups, 0L, 0L, 0L)
                        | (long) syscall.invokeExact(setGid, (long) NOBODY, (long) NOBODY, (long) NOBODY)
                        | (long) syscall.invokeExact(setUid, (long) NOBODY, (long) NOBODY, (long) NOBODY);
                assertThat(failed).isZero();
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
            return work.call();
        });
        Thread thread = Thread.ofPlatform().start(task);
        thread.join();
        return task.get();
    }

    private ApplyReport unpack(byte[]... layers) throws Exception {
        return asNobody(() -> {
            ApplyReport report = null;
            for (byte[] layer : layers) {
                report = Unpacking.unpack(layer, target, ApplyOptions.merged("l"));
            }
            return java.util.Objects.requireNonNull(report);
        });
    }

    private static Map<Omission.Kind, Long> counts(ApplyReport report) {
        return report.omissions().stream().collect(Collectors.toMap(Omission::kind, Omission::count));
    }

    @Test
    void whatCannotBeSetIsCountedWithAnExample() throws Exception {
        byte[] capability = {1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
        ApplyReport report = unpack(tarOf(
                dir("d"),
                file("d/root", "x").owner(0, 0),
                file("d/su", "x").mode(06755).owner(0, 0),
                file("mine", "x").mode(06755).owner(NOBODY, NOBODY),
                charDevice("null", 1, 3),
                fifo("pipe").owner(NOBODY, NOBODY),
                symlink("s", "t").owner(1, 1),
                file("cap", "x")
                        .owner(NOBODY, NOBODY)
                        .xattr("security.capability", capability)
                        .xattr("user.ok", "1")));
        assertThat(counts(report))
                .containsOnly(
                        Map.entry(Omission.Kind.OWNER, 4L),
                        Map.entry(Omission.Kind.SET_ID, 1L),
                        Map.entry(Omission.Kind.DEVICE, 1L),
                        Map.entry(Omission.Kind.XATTR, 1L));
        assertThat(report.omissions().getFirst().firstExample()).isEqualTo("d: 0:0");
        TreeListing listing = TreeListing.of(target);
        assertThat(listing.at("d/su").mode() & 07777)
                .as("set-uid to the wrong user")
                .isEqualTo(0755);
        assertThat(listing.at("mine").mode() & 07777).isEqualTo(06755);
        assertThat(listing.has("null")).isFalse();
        assertThat(listing.at("cap").xattrs()).containsOnlyKeys(RawName.of("user.ok"));
        assertThat(listing.at("d/root").uid()).isEqualTo(NOBODY);
    }

    @Test
    void readOnlyDirectoriesAreFilledAndEndReadOnly() throws Exception {
        unpack(
                tarOf(
                        dir("d").mode(0555).time(11, 0),
                        file("d/f", "x").mode(0),
                        dir("d/closed").mode(0),
                        file("d/closed/g", "x").mode(0444).xattr("user.a", "1")),
                tarOf(file("d/closed/h", "x"), file("d/second", "x"), whiteout("d/f")),
                tarOf(hardlink("d/link", "d/closed/h")));
        TreeListing listing = TreeListing.of(target);
        assertThat(listing.paths()).containsExactly("d", "d/closed", "d/closed/g", "d/closed/h", "d/link", "d/second");
        assertThat(listing.at("d").mode() & 07777).isEqualTo(0555);
        assertThat(listing.at("d").modifySeconds()).isEqualTo(11);
        assertThat(listing.at("d/closed").mode() & 07777).isZero();
        assertThat(listing.at("d/closed/g").xattrs()).containsOnlyKeys(RawName.of("user.a"));
    }

    @Test
    void closedDirectoriesCanBeRemovedAndReplaced() throws Exception {
        unpack(
                tarOf(dir("d").mode(0), dir("d/e").mode(0), file("d/e/f", "x").mode(0), dir("k").mode(0500)),
                tarOf(whiteout("d"), dir("k").mode(0100), file("k/x", "")));
        TreeListing listing = TreeListing.of(target);
        assertThat(listing.paths()).containsExactly("k", "k/x");
        assertThat(listing.at("k").mode() & 07777).isEqualTo(0100);
    }

    @Test
    void overlayMarksAreMadeWithUserXattrs() throws Exception {
        asNobody(() -> Unpacking.unpack(
                tarOf(dir("d"), opaque("d"), whiteout("f")),
                target,
                ApplyOptions.overlay("l", List.of()).withUserXattrs(true)));
        TreeListing listing = TreeListing.of(target);
        assertThat(listing.at("f").mode()).isEqualTo(Flags.S_IFCHR);
        assertThat(listing.at("d").xattrs()).containsOnlyKeys(RawName.of("user.overlay.opaque"));
    }

    @Test
    void aDirectoryThatMayNotBeWrittenIsDenied() throws Exception {
        Files.createDirectories(target);
        ImageException failure = asNobody(() -> {
            try {
                throw new AssertionError(
                        "unpacked: " + Unpacking.unpack(tarOf(file("f", "x")), target, ApplyOptions.merged("l")));
            } catch (ImageException e) {
                return e;
            }
        });
        assertThat(failure).hasMessageContaining("cannot create 'f'").hasMessageContaining("EACCES");
        assertThat(failure.kind()).isEqualTo(ErrorKind.DENIED);
    }

    @Test
    void rightsAreThoseOfTheThread() throws Exception {
        ProcessRights rights = asNobody(ProcessRights::ofThisProcess);
        assertThat(rights.uid()).isEqualTo(NOBODY);
        assertThat(rights.privileged()).isFalse();
    }
}
