package io.lighterage.app.doctor;

import io.lighterage.linux.Credentials;
import io.lighterage.linux.KernelFacts;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What the kernel and our rights in it allow. Pure: judges facts.
final class KernelChecks {
    private KernelChecks() {}

    static List<Finding> judge(KernelFacts kernel) {
        List<Finding> findings = new ArrayList<>();
        findings.add(
                kernel.atLeast(5, 6)
                        ? Finding.ok("kernel", kernel.release())
                        : Finding.fail(
                                "kernel", kernel.release(), "lighter needs Linux 5.6 or later; upgrade the kernel"));
        findings.add(
                kernel.openat2()
                        ? Finding.ok("openat2", "works with RESOLVE_IN_ROOT")
                        : Finding.fail(
                                "openat2",
                                "refused",
                                "unpacking needs it to stay inside its directory; in a container, allow openat2 in the"
                                        + " seccomp profile"));
        findings.add(fileSystem("overlay", kernel.overlay(), "layers of 'unpack --layers' cannot be mounted here"));
        findings.add(fileSystem("erofs", kernel.erofs(), "not needed yet"));
        findings.add(fuse(kernel));
        findings.add(rights(kernel));
        return findings;
    }

    private static Finding fileSystem(String name, KernelFacts.Support support, String without) {
        return switch (support) {
            case READY -> Finding.ok(name, "in the kernel");
            case MODULE -> Finding.ok(name, "a module, loaded when needed");
            case ABSENT -> Finding.warn(name, "not in this kernel", without);
        };
    }

    private static Finding fuse(KernelFacts kernel) {
        return switch (kernel.fuseDevice()) {
            case OPENS -> Finding.ok("/dev/fuse", "opens");
            case REFUSED ->
                Finding.warn(
                        "/dev/fuse",
                        "there, but opening it is refused",
                        "lazy mounts need it: check its permissions (usually 0666), or give the container the"
                                + " device");
            case ABSENT ->
                Finding.warn(
                        "/dev/fuse",
                        "not there",
                        "lazy mounts need it: modprobe fuse, or give the container the device");
        };
    }

    private static Finding rights(KernelFacts kernel) {
        Map<String, Integer> wanted = new LinkedHashMap<>();
        wanted.put("chown", Credentials.CAP_CHOWN);
        wanted.put("dac_override", Credentials.CAP_DAC_OVERRIDE);
        wanted.put("fowner", Credentials.CAP_FOWNER);
        wanted.put("mknod", Credentials.CAP_MKNOD);
        wanted.put("setfcap", Credentials.CAP_SETFCAP);
        List<String> missing = wanted.entrySet().stream()
                .filter(entry -> !kernel.credentials().has(entry.getValue()))
                .map(Map.Entry::getKey)
                .toList();
        String user = "user " + kernel.credentials().uid();
        return missing.isEmpty()
                ? Finding.ok("capabilities", user + " can set everything a layer holds")
                : Finding.warn(
                        "capabilities",
                        user + " lacks " + String.join(", ", missing),
                        "unpacking works but leaves owners, devices or attributes out and says which; run as root for"
                                + " exact trees");
    }
}
