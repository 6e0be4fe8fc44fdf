package io.lighterage.app.setup;

import java.util.Locale;

/// Whom to tell about the snapshotter.
public enum SetupTarget {
    CONTAINERD,
    NERDCTL,
    K3S,
    KUBERNETES,
    SYSTEMD;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
