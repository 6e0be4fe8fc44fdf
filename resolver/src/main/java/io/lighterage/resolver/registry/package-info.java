/// Images in a registry, by the OCI distribution API over HTTP. The only package that knows OkHttp.
///
/// One small class per endpoint knows its route, its accepted types and its words for errors: [ManifestEndpoint],
/// [BlobEndpoint], [TokenEndpoint]. Below them [RegistryClient] adds credentials and redirects, [HttpTransport] sends.
@NullMarked
package io.lighterage.resolver.registry;

import org.jspecify.annotations.NullMarked;
