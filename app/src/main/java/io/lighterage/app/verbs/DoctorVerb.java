package io.lighterage.app.verbs;

import io.lighterage.app.ExitCode;
import io.lighterage.app.Invocation;
import io.lighterage.app.JsonText;
import io.lighterage.app.doctor.Doctor;
import io.lighterage.app.doctor.Finding;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `lighter doctor`.
@Command(
        name = "doctor",
        description = "Look at what pulling and unpacking need here, and say what to do about what is missing; exits"
                + " with 1 when something will not work.")
final class DoctorVerb implements Callable<Integer> {
    private final Invocation invocation;

    @Parameters(
            arity = "0..1",
            paramLabel = "REF|REGISTRY",
            description = "An image or a registry's host: whether it can be reached and lets us in.")
    private @Nullable String target;

    DoctorVerb(Invocation invocation) {
        this.invocation = invocation;
    }

    @Override
    public Integer call() {
        List<Finding> findings = Doctor.examine(invocation, Optional.ofNullable(target));
        boolean failed = findings.stream().anyMatch(finding -> finding.level() == Finding.Level.FAIL);
        if (invocation.json()) {
            invocation
                    .out()
                    .print(JsonText.document(Map.of(
                            "healthy",
                            !failed,
                            "findings",
                            findings.stream().map(DoctorVerb::fields).toList())));
        } else {
            findings.forEach(this::print);
        }
        return failed ? ExitCode.OTHER : ExitCode.OK;
    }

    private void print(Finding finding) {
        if (invocation.options().quiet && finding.level() == Finding.Level.OK) {
            return;
        }
        String level = finding.level().name().toLowerCase(Locale.ROOT);
        invocation.out().println(String.format("%-4s  %-18s  %s", level, finding.subject(), finding.detail()));
        if (!finding.remedy().isEmpty()) {
            invocation.out().println(" ".repeat(26) + "-> " + finding.remedy());
        }
    }

    private static Map<String, Object> fields(Finding finding) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("level", finding.level().name().toLowerCase(Locale.ROOT));
        fields.put("subject", finding.subject());
        fields.put("detail", finding.detail());
        fields.put("remedy", finding.remedy());
        return fields;
    }
}
