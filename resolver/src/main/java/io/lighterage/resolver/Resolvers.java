package io.lighterage.resolver;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.util.List;
import java.util.ServiceLoader;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// The front door of this module: finds the resolver a reference names and opens it.
///
/// `docker://name` and plain names go to the registry resolver. Every other registered transport claims what begins
/// with `transport:`. The registry's own transport needs the `//`, because `docker:dind` is an image on Docker Hub.
public final class Resolvers {
    private static final String DEFAULT_TRANSPORT = "docker";
    private static final Pattern PREFIX = Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*)://(.*)", Pattern.DOTALL);

    private final List<Resolver> resolvers;

    public Resolvers(List<Resolver> resolvers) {
        this.resolvers = List.copyOf(resolvers);
    }

    /// Every resolver [ServiceLoader] finds.
    public static Resolvers installed() {
        return new Resolvers(ServiceLoader.load(Resolver.class, Resolvers.class.getClassLoader()).stream()
                .map(ServiceLoader.Provider::get)
                .toList());
    }

    /// Loads what the first request of a process needs and sends none, so that this can be done while something else
    /// is; never needed.
    public static void prepare(ResolverConfig config) {
        installed().open("docker://localhost/none", config).close();
    }

    /// Opens `text` with the resolver its transport names.
    ///
    /// @throws ImageException UNSUPPORTED for an unknown transport, INVALID for a malformed reference
    public ImageSource open(String text, ResolverConfig config) {
        Named named = find(text);
        return named.resolver().open(named.rest(), config);
    }

    /// As [#open], to write there.
    ///
    /// @throws ImageException UNSUPPORTED for a transport that is unknown or only read
    public ImageDestination destination(String text, ResolverConfig config) {
        Named named = find(text);
        return named.resolver().destination(named.rest(), config);
    }

    private record Named(Resolver resolver, String rest) {}

    private Named find(String text) {
        Matcher prefixed = PREFIX.matcher(text);
        if (prefixed.matches()) {
            String transport = prefixed.group(1);
            String rest = prefixed.group(2);
            return new Named(byTransport(transport), transport.equals(DEFAULT_TRANSPORT) ? rest : "//" + rest);
        }
        for (Resolver resolver : resolvers) {
            String claim = resolver.transport() + ":";
            if (!resolver.transport().equals(DEFAULT_TRANSPORT) && text.startsWith(claim)) {
                return new Named(resolver, text.substring(claim.length()));
            }
        }
        return new Named(byTransport(DEFAULT_TRANSPORT), text);
    }

    private Resolver byTransport(String transport) {
        for (Resolver resolver : resolvers) {
            if (resolver.transport().equals(transport)) {
                return resolver;
            }
        }
        String known = resolvers.stream()
                .map(r -> r.transport().equals(DEFAULT_TRANSPORT) ? r.transport() + "://" : r.transport() + ":")
                .sorted()
                .collect(Collectors.joining(", "));
        throw new ImageException(
                ErrorKind.UNSUPPORTED,
                "transport '" + transport + "://' is not known; expected one of " + known
                        + ", or a plain name such as debian:12");
    }
}
