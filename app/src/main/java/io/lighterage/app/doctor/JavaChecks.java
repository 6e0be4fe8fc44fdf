package io.lighterage.app.doctor;

import io.lighterage.app.ByteCount;
import io.lighterage.linux.isal.IsalInflater;
import io.lighterage.linux.openssl.NativeSha256;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Whether this JVM was started as it should be and has its fast paths.
final class JavaChecks {
    private JavaChecks() {}

    static List<Finding> judge() {
        List<Finding> findings = new ArrayList<>();
        findings.add(Finding.ok(
                "Java",
                System.getProperty("java.vm.name", "") + " "
                        + System.getProperty("java.runtime.version", "") + ", heap up to "
                        + ByteCount.text(Runtime.getRuntime().maxMemory())));
        List<String> flags = ManagementFactory.getRuntimeMXBean().getInputArguments();
        findings.add(flags(flags));
        findings.add(inflater());
        findings.add(hasher());
        return findings;
    }

    static Finding flags(List<String> flags) {
        boolean foreign = flags.stream().anyMatch(flag -> flag.startsWith("--enable-native-access"));
        boolean cache = flags.stream().anyMatch(flag -> flag.startsWith("-XX:AOTCache="));
        if (!foreign) {
            return Finding.warn(
                    "JVM flags",
                    "--enable-native-access is missing",
                    "start through ./lighter, or add --enable-native-access=ALL-UNNAMED");
        }
        return cache
                ? Finding.ok("JVM flags", "native access and start-up cache")
                : Finding.warn(
                        "JVM flags",
                        "no start-up cache",
                        "every start takes a few tenths of a second longer; ./lighter makes one where it may write"
                                + " beside its jars");
    }

    private static Finding inflater() {
        Optional<IsalInflater> native_ = IsalInflater.open();
        native_.ifPresent(IsalInflater::close);
        return native_.isPresent()
                ? Finding.ok("inflate", "ISA-L")
                : Finding.warn(
                        "inflate", "Java's own", "gzip layers unpack faster with ISA-L: apt-get install libisal2");
    }

    private static Finding hasher() {
        return NativeSha256.create().isPresent()
                ? Finding.ok("SHA-256", "OpenSSL")
                : Finding.warn(
                        "SHA-256",
                        "Java's own",
                        "short commands verify faster with OpenSSL's library: apt-get install libssl3");
    }
}
