package io.lighterage.app.demo;

import io.lighterage.app.Invocation;
import io.lighterage.app.progress.ProgressDisplay;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.NativeFileCalls;
import io.lighterage.mirror.LayoutUpstream;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.mirror.MirrorServer;
import io.lighterage.remotesnapshotter.apply.TreeRemover;
import io.lighterage.resolver.ResolverConfig;
import io.lighterage.runtime.ImageRuntime;
import io.lighterage.runtime.PulledImage;
import io.lighterage.runtime.RuntimeConfig;
import io.lighterage.runtime.UnpackForm;
import io.lighterage.runtime.UnpackedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;

/// Makes a sample image, serves it from a registry inside this process, pulls and unpacks it, and pulls it again.
///
/// @param sample what was made
/// @param folder where everything is
/// @param tree the unpacked root file system
/// @param unpacked what came of the first pull
/// @param again what came of the second
/// @param requests HTTP requests the registry answered
public record Demonstration(
        SampleImage sample, Path folder, Path tree, UnpackedImage unpacked, PulledImage again, int requests) {

    /// @param say hears what is about to happen, one sentence at a time
    public static Demonstration run(Invocation invocation, Consumer<String> say) {
        Path folder = makeFolder();
        boolean done = false;
        try {
            say.accept("Making a sample image from files of this machine ...");
            SampleImage sample = SampleImage.write(folder.resolve("layout"), folder);
            Demonstration demonstration = pull(invocation, say, folder, sample);
            done = true;
            return demonstration;
        } finally {
            if (!done) {
                remove(folder);
            }
        }
    }

    private static Demonstration pull(Invocation invocation, Consumer<String> say, Path folder, SampleImage sample) {
        LayoutUpstream upstream = new LayoutUpstream("demo/sample", folder.resolve("layout"));
        Path tree = folder.resolve("tree");
        try (MirrorServer registry = MirrorServer.start(MirrorOptions.defaults(), upstream);
                ImageRuntime runtime = ImageRuntime.open(config(invocation, folder.resolve("root")))) {
            String reference = registry.hostPort() + "/demo/sample:latest";
            say.accept("Serving it from a registry inside this process, as " + reference);
            say.accept("Pulling and unpacking it:");
            UnpackedImage unpacked;
            try (ProgressDisplay progress = invocation.progress(reference, "unpack")) {
                unpacked = runtime.unpack(reference, Optional.empty(), tree, UnpackForm.MERGED, progress);
            }
            PulledImage again = runtime.pull(reference, Optional.empty(), ProgressDisplay.NONE);
            return new Demonstration(
                    sample, folder, tree, unpacked, again, registry.requests().size());
        }
    }

    private static RuntimeConfig config(Invocation invocation, Path root) {
        ResolverConfig flags = invocation.resolverConfig();
        return RuntimeConfig.at(root)
                .withResolver(new ResolverConfig(
                        Optional.empty(),
                        Optional.empty(),
                        true,
                        Optional.empty(),
                        true,
                        flags.concurrency(),
                        flags.timeout(),
                        flags.retries(),
                        flags.environment()));
    }

    /// Removes everything again.
    public void remove() {
        remove(folder);
    }

    private static void remove(Path folder) {
        TreeRemover.removeContents(new NativeFileCalls(), folder);
        try {
            Files.delete(folder);
        } catch (IOException e) {
            throw failed("removing " + folder, e);
        }
    }

    private static Path makeFolder() {
        try {
            return Files.createTempDirectory("lighter-demo-");
        } catch (IOException e) {
            throw failed("making a folder below " + System.getProperty("java.io.tmpdir", "/tmp"), e);
        }
    }

    private static ImageException failed(String what, IOException e) {
        return new ImageException(
                ErrorKind.PRECONDITION,
                what + " failed: " + e.getMessage() + "; expected a folder this user may write to (TMPDIR chooses it)",
                e);
    }
}
