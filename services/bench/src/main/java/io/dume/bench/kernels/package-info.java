/**
 * The innermost loops and what each is measured against, for JMH: classes and methods are public
 * because the code that it generates calls them. Run by {@code dume bench --only kernels}.
 */
package io.dume.bench.kernels;
