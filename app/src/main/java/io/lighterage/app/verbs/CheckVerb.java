package io.lighterage.app.verbs;

import io.lighterage.app.ByteCount;
import io.lighterage.app.ExitCode;
import io.lighterage.app.Invocation;
import io.lighterage.app.JsonText;
import io.lighterage.app.progress.CheckDisplay;
import io.lighterage.contentstore.Store;
import io.lighterage.runtime.ImageRuntime;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/// `lighter fsck`.
@Command(
        name = "fsck",
        description = "Hash every blob again and move those that do not match out of the way; exits with 4 when"
                + " something was wrong.")
final class CheckVerb implements Callable<Integer> {
    private final Invocation invocation;

    CheckVerb(Invocation invocation) {
        this.invocation = invocation;
    }

    @Override
    public Integer call() {
        Store.FsckReport report;
        try (ImageRuntime runtime = invocation.openRuntime();
                CheckDisplay progress = invocation.checkProgress()) {
            report = runtime.store().fsck(progress);
        }
        if (invocation.json()) {
            invocation.out().print(JsonText.document(fields(report)));
        } else {
            print(report);
        }
        return report.clean() ? ExitCode.OK : ExitCode.VERIFICATION;
    }

    private void print(Store.FsckReport report) {
        report.quarantined().forEach(digest -> invocation.out().println("quarantined " + digest));
        report.missing().forEach(digest -> invocation.out().println("missing " + digest));
        if (invocation.options().quiet) {
            return;
        }
        invocation
                .out()
                .println("checked " + report.checkedBlobs() + " blobs, " + ByteCount.text(report.checkedBytes()) + ": "
                        + report.quarantined().size() + " quarantined, "
                        + report.missing().size() + " missing, "
                        + report.adopted().size() + " unclaimed");
        if (!report.clean()) {
            invocation.out().println("Pull the images that need them again; 'lighter images' lists all.");
        }
    }

    private static Map<String, Object> fields(Store.FsckReport report) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("clean", report.clean());
        fields.put("checkedBlobs", report.checkedBlobs());
        fields.put("checkedBytes", report.checkedBytes());
        fields.put("quarantined", report.quarantined());
        fields.put("missing", report.missing());
        fields.put("unclaimed", report.adopted());
        return fields;
    }
}
