package io.lighterage.app.setup;

import java.util.List;

/// `nerdctl.toml`, by which nerdctl uses the snapshotter.
public final class NerdctlSettings {
    /// nerdctl tells a snapshotter which image it pulls only when its name holds one of these. With the
    /// other names that it knows it expects other labels or layer formats than ours.
    private static final String TOLD = "stargz";

    private NerdctlSettings() {}

    /// The name under which nerdctl gives our snapshotter the labels: its own when that will do.
    public static String name(String name) {
        return name.contains(TOLD) ? name : name + "-" + TOLD;
    }

    /// What belongs in `/etc/nerdctl/nerdctl.toml`.
    public static String text(SnapshotterPlace place) {
        return "snapshotter = " + SnapshotterPlace.quoted(name(place.name())) + "\n";
    }

    /// What has to be done besides.
    public static List<String> remarks(SnapshotterPlace place) {
        String name = name(place.name());
        return List.of(
                "add this line to /etc/nerdctl/nerdctl.toml (of a user: ~/.config/nerdctl/nerdctl.toml)",
                "nerdctl names the layers of an image only to snapshotters that have '" + TOLD
                        + "' in their names, so containerd has to know lighter as '" + name
                        + "' (also, beside any other name):",
                "  lighter setup containerd --name " + name + " --no-cri --address " + place.address());
    }
}
