/// The filters of containerd's List calls: `kind==active,labels."a.b"~=/^x/`.
@NullMarked
package io.lighterage.proxyplugin.filters;

import org.jspecify.annotations.NullMarked;
