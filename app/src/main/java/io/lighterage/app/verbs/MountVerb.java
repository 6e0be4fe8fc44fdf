package io.lighterage.app.verbs;

import io.lighterage.app.ByteCount;
import io.lighterage.app.ExitCode;
import io.lighterage.app.Invocation;
import io.lighterage.app.control.ControlServer;
import io.lighterage.app.progress.ProgressDisplay;
import io.lighterage.runtime.ImageRuntime;
import io.lighterage.runtime.LazyMount;
import io.lighterage.runtime.MountReport;
import io.lighterage.runtime.MountRequest;
import io.lighterage.runtime.MountWay;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `lighter mount`.
@Command(
        name = "mount",
        description = "Mount an image on an empty directory, read-only, before it is here: its bytes come when they are"
                + " read. Prints the image's digest once it can be read, and serves it until it is unmounted.")
final class MountVerb implements Callable<Integer> {
    private final Invocation invocation;

    @Parameters(index = "0", paramLabel = "REF", description = "The image.")
    private String reference = "";

    @Parameters(index = "1", paramLabel = "DIR", description = "Where its root file system appears.")
    private Path directory = Path.of("");

    @Option(names = "--detach", description = "Return once it can be read; a process in the background serves it.")
    private boolean detach;

    @Option(
            names = "--mounter",
            paramLabel = "WAY",
            description = "How the kernel sees the image: tree (every question is answered over FUSE; everybody),"
                    + " erofs (the kernel answers for names itself and asks for bytes only, which is faster once mounted,"
                    + " but the mount takes some 0.3 s longer; root), or auto: erofs where that can be done, else tree"
                    + " (default: tree). 'lighter status' says which it was, and why.")
    private MountWay way = MountWay.TREE;

    @Mixin
    private LazyFlags lazy = new LazyFlags();

    @Mixin
    private RefreshFlag refresh = new RefreshFlag();

    MountVerb(Invocation invocation) {
        this.invocation = invocation;
    }

    @Override
    public Integer call() {
        if (detach) {
            return new DetachedMount(invocation).start();
        }
        MountRequest request = MountRequest.of(
                        reference, directory.toAbsolutePath().normalize())
                .withPlatform(invocation.platform())
                .withRefresh(refresh.wanted())
                .withOptions(lazy.options())
                .withWay(way);
        try (ImageRuntime runtime = invocation.openRuntime();
                LazyMount mounted = mount(runtime, request);
                ControlServer ignored = ControlServer.listen(runtime.store().root(), MountControl.handlers(mounted))) {
            if (!invocation.options().quiet) {
                invocation.err().println(summary(mounted.report()));
                invocation.err().flush();
            }
            invocation.out().println(mounted.target().digest());
            invocation.out().flush();
            mounted.awaitUnmounted();
        }
        return ExitCode.OK;
    }

    private LazyMount mount(ImageRuntime runtime, MountRequest request) {
        try (ProgressDisplay progress = invocation.progress(reference, "mount")) {
            return runtime.mount(request, progress);
        }
    }

    private static String summary(MountReport report) {
        long compressed = report.layers().stream()
                .mapToLong(MountReport.Layer::compressedBytes)
                .sum();
        long lazy = report.layers().stream().filter(MountReport.Layer::lazy).count();
        return "mounted " + report.image() + " on " + report.directory() + " after "
                + report.opening().total().toMillis() + " ms, with " + ByteCount.text(report.bytesFetched()) + " of "
                + ByteCount.text(compressed) + " fetched; " + lazy + " of "
                + report.layers().size() + " layers are lazy";
    }
}
