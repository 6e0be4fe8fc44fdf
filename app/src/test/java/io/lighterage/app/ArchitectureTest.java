package io.lighterage.app;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.Map;

/// The arrows between modules and the fences around libraries.
@AnalyzeClasses(
        packages = "io.lighterage",
        importOptions = {ImportOption.DoNotIncludeTests.class, ArchitectureTest.NoTestJars.class})
class ArchitectureTest {
    /// Fixtures of other modules are jars here, and folders where the build stops before it packs them.
    static final class NoTestJars implements ImportOption {
        @Override
        public boolean includes(Location location) {
            return !location.contains("-tests.jar");
        }
    }

    /// What each module may import of ours, besides itself.
    private static final Map<String, List<String>> ARROWS = Map.of(
            "linux", List.of(),
            "contentstore", List.of("linux"),
            "resolver", List.of("contentstore", "linux"),
            "stargz", List.of("contentstore", "linux"),
            "encryption", List.of("contentstore", "linux"),
            "mirror", List.of("contentstore", "linux"),
            "remotesnapshotter", List.of("resolver", "stargz", "encryption", "contentstore", "linux"),
            "proxyplugin", List.of("remotesnapshotter", "resolver", "stargz", "encryption", "contentstore", "linux"),
            "runtime", List.of("remotesnapshotter", "resolver", "stargz", "encryption", "contentstore", "linux"));

    /// Where each library may be used; everywhere else it may not.
    private static final Map<String, String> FENCES = Map.ofEntries(
            Map.entry("okhttp3..", "io.lighterage.resolver.registry.."),
            Map.entry("okio..", "io.lighterage.resolver.registry.."),
            Map.entry("org.sqlite..", "io.lighterage.contentstore.sqlite.."),
            Map.entry("java.sql..", "io.lighterage.contentstore.sqlite.."),
            Map.entry("com.github.luben..", "io.lighterage.stargz.."),
            Map.entry("jnr..", "io.lighterage.remotesnapshotter.mount.."),
            Map.entry("ru.serce..", "io.lighterage.remotesnapshotter.mount.."),
            Map.entry("com.kenai..", "io.lighterage.remotesnapshotter.mount.."),
            Map.entry("org.eclipse.jetty..", "io.lighterage.mirror.."),
            Map.entry("io.grpc..", "io.lighterage.proxyplugin.."),
            Map.entry("io.netty..", "io.lighterage.proxyplugin.."),
            Map.entry("com.google.protobuf..", "io.lighterage.proxyplugin.."),
            Map.entry("com.google.re2j..", "io.lighterage.proxyplugin.filters.."),
            Map.entry("io.prometheus..", "io.lighterage.app.metrics.."),
            Map.entry("java.lang.foreign..", "io.lighterage.linux.."),
            Map.entry("tools.jackson.dataformat..", "io.lighterage.app.[setup|config].."),
            Map.entry("picocli..", "io.lighterage.app.."),
            Map.entry("ch.qos.logback..", "io.lighterage.app.."));

    @ArchTest
    static void modulesImportOnlyWhatLiesBelowThem(JavaClasses all) {
        ARROWS.forEach((module, below) -> {
            for (String other : List.of(
                    "linux",
                    "contentstore",
                    "resolver",
                    "stargz",
                    "encryption",
                    "mirror",
                    "remotesnapshotter",
                    "proxyplugin",
                    "runtime",
                    "app",
                    "bench")) {
                if (!other.equals(module) && !below.contains(other)) {
                    noClasses()
                            .that()
                            .resideInAPackage("io.lighterage." + module + "..")
                            .should()
                            .dependOnClassesThat()
                            .resideInAPackage("io.lighterage." + other + "..")
                            .allowEmptyShould(true)
                            .check(all);
                }
            }
        });
    }

    @ArchTest
    static void librariesStayBehindTheirFences(JavaClasses all) {
        FENCES.forEach((library, home) -> noClasses()
                .that()
                .resideOutsideOfPackage(home)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(library)
                .check(all));
    }

    @ArchTest
    static final ArchRule namesSayWhatAClassIs = noClasses()
            .that()
            .resideOutsideOfPackage("io.lighterage.proxyplugin.protocol..") // generated
            .should()
            .haveNameMatching(".*(Util|Utils|Helper|Manager|Impl|Base)");

    @ArchTest
    static final ArchRule onlyTheCommandPrints = noClasses()
            .that()
            .resideOutsideOfPackages("io.lighterage.app..", "io.lighterage.bench..")
            .should()
            .accessField(System.class, "out")
            .orShould()
            .accessField(System.class, "err");

    @ArchTest
    static final ArchRule exceptionsAreOfOneFamily = classes()
            .that()
            .areAssignableTo(RuntimeException.class)
            .and()
            .arePublic()
            .should()
            .beAssignableTo(io.lighterage.contentstore.ImageException.class)
            .orShould()
            .resideInAPackage("io.lighterage.linux..");
}
