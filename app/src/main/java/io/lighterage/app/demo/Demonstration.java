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
import io.lighterage.remotesnapshotter.lazy.LazyOptions;
import io.lighterage.remotesnapshotter.mount.FuseTreeMounter;
import io.lighterage.remotesnapshotter.mount.TreeMounter;
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

/// Makes a sample image, serves it from a registry inside this process, pulls and unpacks it, pulls it again, and
/// starts
/// it over a slow line, pulled first and mounted lazily.
///
/// @param sample what was made
/// @param folder where everything is
/// @param tree the unpacked root file system
/// @param unpacked what came of the first pull
/// @param again what came of the second
/// @param requests HTTP requests the registry answered
/// @param starts the image's start over a slow line
public record Demonstration(
        SampleImage sample,
        Path folder,
        Path tree,
        UnpackedImage unpacked,
        PulledImage again,
        int requests,
        StartComparison starts) {

    /// @param say hears what is about to happen, one sentence at a time
    /// @param link the line that the starts go over
    public static Demonstration run(Invocation invocation, Consumer<String> say, LinkSpeed link) {
        return run(invocation, say, link, new FuseTreeMounter());
    }

    static Demonstration run(Invocation invocation, Consumer<String> say, LinkSpeed link, TreeMounter kernel) {
        Stage stage = new Stage(
                makeFolder(),
                root -> config(invocation, root),
                reference -> invocation.progress(reference, "unpack"),
                say);
        boolean done = false;
        try {
            say.accept("Making a sample image from files of this machine ...");
            SampleImage sample = SampleImage.write(stage.at("layout"), stage.folder());
            Demonstration demonstration = play(stage, sample, link, kernel);
            done = true;
            return demonstration;
        } finally {
            if (!done) {
                remove(stage.folder());
            }
        }
    }

    private static Demonstration play(Stage stage, SampleImage sample, LinkSpeed link, TreeMounter kernel) {
        LayoutUpstream upstream = new LayoutUpstream("demo/sample", stage.at("layout"));
        Path tree = stage.at("tree");
        UnpackedImage unpacked;
        PulledImage again;
        int requests;
        try (MirrorServer registry = MirrorServer.start(MirrorOptions.defaults(), upstream);
                ImageRuntime runtime = stage.open("root")) {
            String reference = registry.hostPort() + "/demo/sample:latest";
            stage.say().accept("Serving it from a registry inside this process, as " + reference);
            stage.say().accept("Pulling and unpacking it:");
            try (ProgressDisplay progress = stage.progress().apply(reference)) {
                unpacked = runtime.unpack(reference, Optional.empty(), tree, UnpackForm.MERGED, progress);
            }
            again = runtime.pull(reference, Optional.empty(), ProgressDisplay.NONE);
            requests = registry.requests().size();
        }
        try {
            StartFiles files = StartFiles.choose(tree);
            StartComparison starts = new SlowStart(stage, files, link, LazyOptions.defaults(), kernel).run();
            return new Demonstration(sample, stage.folder(), tree, unpacked, again, requests, starts);
        } catch (IOException e) {
            throw failed("reading what a start reads", e);
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
