package io.lighterage.app.verbs;

import io.lighterage.app.ExitCode;
import io.lighterage.app.Invocation;
import io.lighterage.app.Main;
import io.lighterage.app.control.ControlServer;
import io.lighterage.app.demo.SampleImage;
import io.lighterage.app.progress.ProgressDisplay;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.NativeFileCalls;
import io.lighterage.remotesnapshotter.apply.TreeRemover;
import io.lighterage.runtime.ImageRuntime;
import io.lighterage.runtime.LazyMount;
import io.lighterage.runtime.MountRequest;
import io.lighterage.runtime.MountWay;
import io.lighterage.runtime.RuntimeConfig;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;

/// Runs what people run, so that the JVM can record which classes that needs; see the launcher.
@Command(name = Verbs.TRAIN, hidden = true, description = "Record the start-up cache.")
final class TrainVerb implements Callable<Integer> {
    /// Read of each mount.
    private static final int FILES = 100;

    private final Invocation invocation;

    TrainVerb(Invocation invocation) {
        this.invocation = invocation;
    }

    @Override
    public Integer call() throws IOException {
        Path folder = Files.createTempDirectory("lighter-train-");
        try {
            SampleImage.write(folder.resolve("layout"), folder);
            String image = "oci:" + folder.resolve("layout") + ":latest";
            String root = folder.resolve("root").toString();
            List<List<String>> lines = List.of(
                    List.of("demo", "--progress=plain", "--mbit=0"),
                    List.of("demo", "--progress=json", "--format=json", "--mbit=0"),
                    List.of("pull", image, "--root", root),
                    List.of("unpack", image, folder.resolve("tree").toString(), "--root", root, "--layers"),
                    List.of("convert", "--to=estargz", image, "oci:" + folder.resolve("converted"), "--root", root),
                    List.of("images", "--root", root),
                    List.of("inspect", image, "--root", root),
                    List.of("manifest", image, "--root", root),
                    List.of("config", image, "--root", root),
                    List.of("fsck", "--root", root),
                    List.of("rmi", image, "--root", root),
                    List.of("gc", "--root", root),
                    List.of("doctor", "--root", root),
                    List.of("help"),
                    List.of("version", "--wrong"),
                    List.of("version", "--format=json"),
                    List.of("version"));
            for (List<String> line : lines) {
                PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
                int code = Main.run(line, nowhere, nowhere, invocation.environment());
                invocation.out().println(code + " " + String.join(" ", line));
            }
            mount("oci:" + folder.resolve("converted"), folder);
        } finally {
            TreeRemover.removeContents(new NativeFileCalls(), folder);
            Files.delete(folder);
        }
        return ExitCode.OK;
    }

    /// Both ways of mounting, as far as this user and machine can.
    private void mount(String image, Path folder) throws IOException {
        for (MountWay way : MountWay.values()) {
            Path directory = Files.createDirectory(folder.resolve("mount-" + way));
            RuntimeConfig config =
                    RuntimeConfig.at(folder.resolve("root-" + way)).withResolver(invocation.resolverConfig());
            MountRequest request = MountRequest.of(image, directory)
                    .withOptions(new LazyFlags().options())
                    .withWay(way);
            try (ImageRuntime runtime = ImageRuntime.open(config);
                    ProgressDisplay progress = invocation.progress(image, "mount");
                    LazyMount mounted = runtime.mount(request, progress);
                    ControlServer _ = ControlServer.listen(runtime.store().root(), MountControl.handlers(mounted));
                    Stream<Path> tree = Files.walk(directory)) {
                for (Path file : tree.filter(path -> Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS))
                        .limit(FILES)
                        .toList()) {
                    byte[] ignored = Files.readAllBytes(file);
                }
                invocation.out().println("mounted " + mounted.report().way());
            } catch (ImageException e) {
                invocation.out().println("not mounted: " + e.getMessage());
            }
        }
    }
}
