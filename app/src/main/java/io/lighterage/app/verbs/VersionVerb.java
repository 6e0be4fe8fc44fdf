package io.lighterage.app.verbs;

import io.lighterage.app.ExitCode;
import io.lighterage.app.Invocation;
import io.lighterage.app.JsonText;
import io.lighterage.app.VersionText;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/// `lighter version`.
@Command(name = "version", description = "Show what this is and what it runs on.")
final class VersionVerb implements Callable<Integer> {
    private final Invocation invocation;

    VersionVerb(Invocation invocation) {
        this.invocation = invocation;
    }

    @Override
    public Integer call() {
        String version = VersionText.version();
        if (invocation.json()) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("version", version);
            fields.put("java", VersionText.java());
            fields.put("system", VersionText.system());
            invocation.out().print(JsonText.document(fields));
        } else if (invocation.options().quiet) {
            invocation.out().println(version);
        } else {
            invocation.out().println(VersionText.line());
        }
        return ExitCode.OK;
    }
}
