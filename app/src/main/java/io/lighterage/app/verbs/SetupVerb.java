package io.lighterage.app.verbs;

import io.lighterage.app.ExitCode;
import io.lighterage.app.Invocation;
import io.lighterage.app.VersionText;
import io.lighterage.app.setup.ContainerdConfig;
import io.lighterage.app.setup.ContainerdStanza;
import io.lighterage.app.setup.ContainerdVersion;
import io.lighterage.app.setup.KubernetesManifest;
import io.lighterage.app.setup.KubernetesOnK3s;
import io.lighterage.app.setup.NerdctlSettings;
import io.lighterage.app.setup.SettingsFile;
import io.lighterage.app.setup.SetupTarget;
import io.lighterage.app.setup.SnapshotterPlace;
import io.lighterage.app.setup.SystemdUnit;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.Platform;
import io.lighterage.resolver.PlatformMatcher;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `lighter setup`.
@Command(
        name = "setup",
        description = "Tell other programs of the snapshotter: 'containerd' and 'systemd' write their files, without"
                + " touching what is in them already; 'nerdctl', 'k3s' and 'kubernetes' print what belongs in theirs.")
final class SetupVerb implements Callable<Integer> {
    private final Invocation invocation;

    @Parameters(paramLabel = "PROGRAM", description = "One of ${COMPLETION-CANDIDATES}.")
    private SetupTarget target = SetupTarget.CONTAINERD;

    @Option(names = "--dry-run", description = "Print what would be written, and write nothing.")
    private boolean dryRun;

    @Option(
            names = "--address",
            paramLabel = "SOCK",
            defaultValue = "/run/lighterage/snapshotter.sock",
            description = "The snapshotter's socket (default: ${DEFAULT-VALUE}).")
    private Path address = Path.of("");

    @Option(
            names = "--name",
            paramLabel = "NAME",
            defaultValue = "lighter",
            description = "What containerd calls the snapshotter (default: ${DEFAULT-VALUE}).")
    private String name = "";

    @Option(
            names = "--no-cri",
            description = "Do not make it the snapshotter of kubelet's containers, only one that can be named.")
    private boolean noCri;

    @Option(
            names = "--containerd-config",
            paramLabel = "FILE",
            defaultValue = "/etc/containerd/config.toml",
            description = "containerd's configuration (default: ${DEFAULT-VALUE}).")
    private Path containerdConfig = Path.of("");

    @Option(
            names = "--config-version",
            paramLabel = "2|3",
            description = "Version of a configuration that is not there yet: 2 for containerd 1.x, 3 for 2.x (default:"
                    + " what the installed containerd wants).")
    private @Nullable Integer configVersion;

    @Option(
            names = "--unit",
            paramLabel = "FILE",
            description = "Where systemd's unit goes (default: /etc/systemd/system/lighter-snapshotter.service).")
    private Path unit = SystemdUnit.PLACE;

    @Option(
            names = "--image",
            paramLabel = "REF",
            description = "The image of lighter that Kubernetes runs (default: lighterage/lighter with this version).")
    private @Nullable String image;

    SetupVerb(Invocation invocation) {
        this.invocation = invocation;
    }

    @Override
    public Integer call() {
        Platform platform = invocation.platform().orElseGet(PlatformMatcher::host);
        SnapshotterPlace place =
                new SnapshotterPlace(name, address, invocation.root(), platform.os() + "/" + platform.architecture());
        switch (target) {
            case CONTAINERD -> containerd(place);
            case SYSTEMD -> systemd(place);
            case NERDCTL -> print(NerdctlSettings.text(place), NerdctlSettings.remarks(place));
            case K3S -> {
                int version = configVersion == null ? ContainerdStanza.OF_CONTAINERD_2 : wantedVersion(configVersion);
                print(KubernetesOnK3s.text(place, version), KubernetesOnK3s.remarks(place, version));
            }
            case KUBERNETES ->
                print(
                        KubernetesManifest.text(
                                place, image == null ? "lighterage/lighter:" + VersionText.version() : image),
                        KubernetesManifest.remarks(place));
        }
        return ExitCode.OK;
    }

    private void containerd(SnapshotterPlace place) {
        SettingsFile file = new SettingsFile(containerdConfig);
        String before = file.read();
        ContainerdConfig config = ContainerdConfig.parse(containerdConfig, before);
        int installed = installedVersion();
        int version = config.version(configVersion == null ? installed : wantedVersion(configVersion));
        if (configVersion != null && configVersion != version) {
            throw new ImageException(
                    ErrorKind.PRECONDITION,
                    containerdConfig + " has version " + version + ", not the " + configVersion
                            + " of --config-version; leave the flag out");
        }
        String after = config.with(ContainerdStanza.of(place, version, installed, !noCri), version);
        if (after.equals(before)) {
            say(containerdConfig + " names the snapshotter '" + name + "' already; nothing to do");
            return;
        }
        if (config.imports()) {
            say("warning: " + containerdConfig + " imports other files; a table of theirs replaces the whole table of"
                    + " that name, ours as well. 'containerd config dump' shows what containerd makes of them");
        }
        if (dryRun) {
            print(before.isBlank() ? after : after.substring(before.length()), List.of());
            return;
        }
        boolean written = file.write(after);
        say((written ? "added the snapshotter '" + name + "' to " : "left as it was: ") + containerdConfig
                + "; start the snapshotter ('lighter setup systemd'), then containerd again");
    }

    private void systemd(SnapshotterPlace place) {
        String command = System.getProperty("lighter.command", "");
        if (command.isEmpty() || !Files.isExecutable(Path.of(command))) {
            throw new ImageException(
                    ErrorKind.PRECONDITION,
                    "cannot tell which command the unit has to start: lighter was not started by its launcher"
                            + (command.isEmpty() ? "" : " (" + command + " is no program)")
                            + "; run the file 'lighter' by its path");
        }
        String text = SystemdUnit.text(place, Path.of(command), Path.of(System.getProperty("java.home", "")));
        if (dryRun) {
            print(text, List.of());
        } else if (new SettingsFile(unit).write(text)) {
            say("wrote " + unit + "; start it by 'systemctl daemon-reload' and 'systemctl enable --now "
                    + unit.getFileName() + "'");
        } else {
            say(unit + " says all of this already; nothing to do");
        }
    }

    private int installedVersion() {
        return ContainerdVersion.configuration(invocation.environment().getOrDefault("PATH", ""));
    }

    private static int wantedVersion(int asked) {
        if (asked != ContainerdStanza.OF_CONTAINERD_1 && asked != ContainerdStanza.OF_CONTAINERD_2) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "--config-version " + asked
                            + " is unknown; lighter writes 2 (containerd 1.x) and 3 (containerd 2.x)");
        }
        return asked;
    }

    private void print(String text, List<String> remarks) {
        invocation.out().print(text);
        remarks.forEach(this::say);
    }

    private void say(String what) {
        if (!invocation.options().quiet) {
            invocation.err().println("lighter: " + what);
            invocation.err().flush();
        }
    }
}
