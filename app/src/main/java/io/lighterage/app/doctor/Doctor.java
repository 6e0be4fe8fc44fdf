package io.lighterage.app.doctor;

import io.lighterage.app.Invocation;
import io.lighterage.linux.KernelFacts;
import io.lighterage.remotesnapshotter.mount.FuseTreeMounter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Looks at everything a pull, an unpack and a lazy mount depend on.
public final class Doctor {
    private Doctor() {}

    /// @param target an image or a registry to reach, or empty
    public static List<Finding> examine(Invocation invocation, Optional<String> target) {
        List<Finding> findings = new ArrayList<>(KernelChecks.judge(KernelFacts.read()));
        findings.add(FuseTreeMounter.obstacle()
                .map(reason -> Finding.warn("lazy mounts", "cannot be made", reason))
                .orElseGet(() -> Finding.ok("lazy mounts", "through libfuse2")));
        findings.addAll(StorageChecks.judge(invocation.root()));
        findings.addAll(JavaChecks.judge());
        findings.addAll(RegistryChecks.judge(target, invocation.resolverConfig()));
        return findings;
    }
}
