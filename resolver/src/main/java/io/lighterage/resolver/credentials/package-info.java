/// Where the secrets for a registry come from: flags, Docker and podman configuration files, credential helpers.
@NullMarked
package io.lighterage.resolver.credentials;

import org.jspecify.annotations.NullMarked;
