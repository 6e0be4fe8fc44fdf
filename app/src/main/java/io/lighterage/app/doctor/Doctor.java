package io.lighterage.app.doctor;

import io.lighterage.app.Invocation;
import io.lighterage.linux.KernelFacts;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Looks at everything a pull and an unpack depend on.
public final class Doctor {
    private Doctor() {}

    /// @param target an image or a registry to reach, or empty
    public static List<Finding> examine(Invocation invocation, Optional<String> target) {
        List<Finding> findings = new ArrayList<>(KernelChecks.judge(KernelFacts.read()));
        findings.addAll(StorageChecks.judge(invocation.root()));
        findings.addAll(JavaChecks.judge());
        findings.addAll(RegistryChecks.judge(target, invocation.resolverConfig()));
        return findings;
    }
}
