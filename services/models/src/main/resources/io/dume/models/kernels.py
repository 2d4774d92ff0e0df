# TorchScript in the form that libtorch stores in an archive, which is stricter than Python: every
# operator by its name, no expressions over shapes, 7 for float64. Called from Kernels.java; arrays are
# (tokens, d) unless a name says otherwise. "grid" and "places" are those of Batch.java, and needed where
# "padded" is 1; "ends" and "later" are those of Attention.java: where sequences end, and which keys of a
# block come after a query. "causal" leaves its result where the queries were. "keys" and "values" are
# those of KeyValueCache.java, of which "before" tokens are there. A step that can write over what nobody
# reads again does: fresh memory of megabytes is mapped and zeroed by the kernel, page by page.
class Kernels(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  def embed(self: __torch__.Kernels,
    weight: Tensor,
    ids: Tensor) -> Tensor:
    return torch.index_select(weight, 0, ids)
  def norm(self: __torch__.Kernels,
    x: Tensor,
    weight: Tensor,
    eps: float) -> Tensor:
    mean = torch.mean(torch.mul(x, x), [-1], True)
    return torch.mul_(torch.mul(x, torch.rsqrt(torch.add(mean, eps))), weight)
  def heads(self: __torch__.Kernels,
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    grid: Tensor,
    padded: int,
    rows: int,
    length: int,
    count: int,
    width: int) -> Tensor:
    y = torch.linear(x, weight, bias)
    if torch.eq(padded, 1):
      z = torch.index_select(y, 0, grid)
    else:
      z = y
    return torch.transpose(torch.view(z, [rows, length, count, width]), 1, 2)
  def rotate(self: __torch__.Kernels,
    x: Tensor,
    cosine: Tensor,
    sine: Tensor) -> Tensor:
    y = torch.mul(x, cosine)
    a, b, = torch.chunk(x, 2, -1)
    y0, y1, = torch.chunk(y, 2, -1)
    sine0, sine1, = torch.chunk(sine, 2, -1)
    _0 = torch.addcmul_(y0, b, sine0, value=-1)
    _1 = torch.addcmul_(y1, a, sine1)
    return y
  def spread(self: __torch__.Kernels,
    x: Tensor,
    rows: int,
    length: int,
    count: int,
    times: int,
    width: int) -> Tensor:
    if torch.eq(times, 1):
      z = x
    else:
      y = torch.expand(torch.unsqueeze(x, 2), [rows, count, times, length, width])
      z = torch.reshape(y, [rows, torch.mul(count, times), length, width])
    return z
  def attend_as_grid(self: __torch__.Kernels,
    hidden: Tensor,
    norm: Tensor,
    eps: float,
    query: Tensor,
    query_bias: Tensor,
    key: Tensor,
    key_bias: Tensor,
    value: Tensor,
    value_bias: Tensor,
    output: Tensor,
    output_bias: Tensor,
    cosine: Tensor,
    sine: Tensor,
    grid: Tensor,
    places: Tensor,
    padded: int,
    rows: int,
    length: int,
    heads: int,
    kv_heads: int,
    width: int) -> Tensor:
    x = (self).norm(hidden, norm, eps, )
    q = (self).heads(x, query, query_bias, grid, padded, rows, length, heads, width, )
    k = (self).heads(x, key, key_bias, grid, padded, rows, length, kv_heads, width, )
    v = (self).heads(x, value, value_bias, grid, padded, rows, length, kv_heads, width, )
    times = torch.floordiv(heads, kv_heads)
    q0 = (self).rotate(q, cosine, sine, )
    k0 = (self).spread((self).rotate(k, cosine, sine, ), rows, length, kv_heads, times, width, )
    v0 = (self).spread(v, rows, length, kv_heads, times, width, )
    y = torch.scaled_dot_product_attention(q0, k0, v0, None, 0., True)
    y0 = torch.reshape(torch.transpose(y, 1, 2), [torch.mul(rows, length), torch.mul(heads, width)])
    if torch.eq(padded, 1):
      y1 = torch.index_select(y0, 0, places)
    else:
      y1 = y0
    return torch.add_(torch.linear(y1, output, output_bias), hidden)
  def blocks(self: __torch__.Kernels,
    y: Tensor,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    later: Tensor,
    before: int,
    heads: int,
    kv_heads: int,
    width: int) -> Tensor:
    n = torch.size(q, 0)
    scale = torch.div(1., torch.sqrt(width))
    block = torch.size(later, 0)
    for i in range(torch.floordiv(torch.add(n, torch.sub(block, 1)), block)):
      start = torch.mul(i, block)
      end = ops.prim.min(torch.add(start, block), n)
      m = torch.sub(end, start)
      seen = torch.add(before, end)
      q1 = torch.mul(torch.transpose(torch.slice(q, 0, start, end), 0, 1), scale)
      rows = torch.mul(torch.floordiv(heads, kv_heads), m)
      q2 = torch.reshape(q1, [kv_heads, rows, width])
      scores = torch.bmm(q2, torch.slice(k, 2, 0, seen))
      last = torch.slice(torch.view(scores, [heads, m, seen]), 2, torch.add(before, start))
      _0 = torch.masked_fill_(last, torch.slice(torch.slice(later, 0, 0, m), 1, 0, m), -inf)
      z = torch.bmm(torch.softmax(scores, -1), torch.slice(v, 1, 0, seen))
      z0 = torch.transpose(torch.view(z, [heads, m, width]), 0, 1)
      _1 = torch.copy_(torch.slice(y, 0, start, end), z0)
    return torch.alias(y)
  def causal(self: __torch__.Kernels,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    cosine: Tensor,
    sine: Tensor,
    later: Tensor,
    heads: int,
    kv_heads: int,
    width: int) -> Tensor:
    n = torch.size(q, 0)
    cosine0 = torch.unsqueeze(torch.slice(cosine, 0, 0, n), 1)
    sine0 = torch.unsqueeze(torch.slice(sine, 0, 0, n), 1)
    y = torch.view(q, [n, heads, width])
    q0 = (self).rotate(y, cosine0, sine0, )
    k0 = (self).rotate(torch.view(k, [n, kv_heads, width]), cosine0, sine0, )
    k1 = torch.permute(k0, [1, 2, 0])
    v0 = torch.transpose(torch.view(v, [n, kv_heads, width]), 0, 1)
    _0 = (self).blocks(y, q0, k1, v0, later, 0, heads, kv_heads, width, )
    return torch.alias(q)
  def attend_by_sequence(self: __torch__.Kernels,
    hidden: Tensor,
    norm: Tensor,
    eps: float,
    query: Tensor,
    query_bias: Tensor,
    key: Tensor,
    key_bias: Tensor,
    value: Tensor,
    value_bias: Tensor,
    output: Tensor,
    output_bias: Tensor,
    cosine: Tensor,
    sine: Tensor,
    ends: Tensor,
    later: Tensor,
    rows: int,
    heads: int,
    kv_heads: int,
    width: int) -> Tensor:
    x = (self).norm(hidden, norm, eps, )
    q = torch.linear(x, query, query_bias)
    k = torch.linear(x, key, key_bias)
    v = torch.linear(x, value, value_bias)
    for row in range(rows):
      start = int(torch.select(ends, 0, row))
      end = int(torch.select(ends, 0, torch.add(row, 1)))
      q0 = torch.slice(q, 0, start, end)
      k0 = torch.slice(k, 0, start, end)
      v0 = torch.slice(v, 0, start, end)
      _0 = (self).causal(q0, k0, v0, cosine, sine, later, heads, kv_heads, width, )
    return torch.add_(torch.linear(q, output, output_bias), hidden)
  def attend_after(self: __torch__.Kernels,
    hidden: Tensor,
    norm: Tensor,
    eps: float,
    query: Tensor,
    query_bias: Tensor,
    key: Tensor,
    key_bias: Tensor,
    value: Tensor,
    value_bias: Tensor,
    output: Tensor,
    output_bias: Tensor,
    cosine: Tensor,
    sine: Tensor,
    keys: Tensor,
    values: Tensor,
    later: Tensor,
    before: int,
    heads: int,
    kv_heads: int,
    width: int) -> Tensor:
    x = (self).norm(hidden, norm, eps, )
    q = torch.linear(x, query, query_bias)
    k = torch.linear(x, key, key_bias)
    v = torch.linear(x, value, value_bias)
    n = torch.size(hidden, 0)
    seen = torch.add(before, n)
    cosine0 = torch.unsqueeze(cosine, 1)
    sine0 = torch.unsqueeze(sine, 1)
    y = torch.view(q, [n, heads, width])
    q0 = (self).rotate(y, cosine0, sine0, )
    k0 = (self).rotate(torch.view(k, [n, kv_heads, width]), cosine0, sine0, )
    v0 = torch.view(v, [n, kv_heads, width])
    _0 = torch.copy_(torch.slice(keys, 1, before, seen), torch.transpose(k0, 0, 1))
    _1 = torch.copy_(torch.slice(values, 1, before, seen), torch.transpose(v0, 0, 1))
    k1 = torch.transpose(keys, 1, 2)
    _2 = (self).blocks(y, q0, k1, values, later, before, heads, kv_heads, width, )
    return torch.add_(torch.linear(q, output, output_bias), hidden)
  def lengthen(self: __torch__.Kernels,
    cache: Tensor,
    more: int) -> Tensor:
    return torch.constant_pad_nd(cache, [0, 0, 0, more])
  def mlp(self: __torch__.Kernels,
    x: Tensor,
    gate: Tensor,
    up: Tensor,
    down: Tensor) -> Tensor:
    inner = torch.mul_(torch.silu_(torch.linear(x, gate)), torch.linear(x, up))
    return torch.linear(inner, down)
  def dense(self: __torch__.Kernels,
    hidden: Tensor,
    x: Tensor,
    gate: Tensor,
    up: Tensor,
    down: Tensor,
    inner: Tensor,
    other: Tensor) -> Tensor:
    _0 = torch.mm(x, torch.t(gate), out=inner)
    _1 = torch.mm(x, torch.t(up), out=other)
    _2 = torch.mul_(torch.silu_(inner), other)
    return torch.addmm(hidden, inner, torch.t(down))
  def scores(self: __torch__.Kernels,
    x: Tensor,
    weight: Tensor,
    bias: Tensor) -> Tensor:
    return torch.linear(x, weight, bias)
  def route(self: __torch__.Kernels,
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    temperature: float,
    k: int) -> Tensor:
    return (self).choose(torch.linear(x, weight, bias), temperature, k, )
  def choose(self: __torch__.Kernels,
    scores: Tensor,
    temperature: float,
    k: int) -> Tensor:
    scores0 = torch.div(scores, temperature)
    best, chosen, = torch.topk(scores0, k, -1, True, True)
    return torch.scatter(torch.zeros_like(scores0), 1, chosen, torch.softmax(best, -1))
  def remember(self: __torch__.Kernels,
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    before: Tensor,
    ends: Tensor,
    rows: int,
    decay: Tensor,
    fade: Tensor) -> Tensor:
    scores = torch.linear(x, weight, bias)
    y = torch.empty_like(scores)
    block = torch.size(decay, 0)
    for row in range(rows):
      start = int(torch.select(ends, 0, row))
      n = torch.sub(int(torch.select(ends, 0, torch.add(row, 1))), start)
      memory = torch.select(before, 0, row)
      for i in range(torch.floordiv(torch.add(n, torch.sub(block, 1)), block)):
        first = torch.mul(i, block)
        m = ops.prim.min(block, torch.sub(n, first))
        at = torch.add(start, first)
        z = torch.slice(scores, 0, at, torch.add(at, m))
        faded = torch.outer(torch.slice(fade, 0, 0, m), memory)
        part = torch.slice(torch.slice(decay, 0, 0, m), 1, 0, m)
        z0 = torch.addmm(faded, part, z)
        _0 = torch.copy_(torch.slice(y, 0, at, torch.add(at, m)), z0)
        memory = torch.select(z0, 0, -1)
    return y
  def join(self: __torch__.Kernels,
    scores: Tensor,
    others: Tensor,
    weight: float) -> Tensor:
    return torch.add(scores, others, alpha=weight)
  def previous(self: __torch__.Kernels,
    scores: Tensor,
    before: Tensor,
    ends: Tensor) -> Tensor:
    y = torch.roll(scores, [1], [0])
    return torch.index_copy(y, 0, torch.slice(ends, 0, 0, -1), before)
  def pick(self: __torch__.Kernels,
    chosen: Tensor,
    like: Tensor,
    experts: int) -> Tensor:
    return torch.to(torch.one_hot(chosen, experts), like)
  def mix(self: __torch__.Kernels,
    hidden: Tensor,
    x: Tensor,
    shares: Tensor,
    expert: int,
    gate: Tensor,
    up: Tensor,
    down: Tensor) -> Tensor:
    share = torch.select(shares, 1, expert)
    tokens = torch.squeeze(torch.nonzero(share), 1)
    y = (self).mlp(torch.index_select(x, 0, tokens), gate, up, down, )
    y0 = torch.mul_(y, torch.unsqueeze(torch.index_select(share, 0, tokens), 1))
    return torch.index_add(hidden, 0, tokens, y0)
  def logits(self: __torch__.Kernels,
    hidden: Tensor,
    norm: Tensor,
    eps: float,
    output: Tensor) -> Tensor:
    return torch.linear((self).norm(hidden, norm, eps, ), output)
  def last(self: __torch__.Kernels,
    x: Tensor) -> Tensor:
    return torch.clone(torch.slice(x, 0, -1))
  def surprise(self: __torch__.Kernels,
    hidden: Tensor,
    tokens: Tensor,
    targets: Tensor,
    norm: Tensor,
    eps: float,
    output: Tensor) -> Tensor:
    scores = (self).logits(torch.index_select(hidden, 0, tokens), norm, eps, output, )
    right = torch.squeeze(torch.gather(scores, 1, torch.unsqueeze(targets, 1)), 1)
    return torch.to(torch.sub(torch.logsumexp(scores, [1]), right), 7)
  def widen(self: __torch__.Kernels,
    x: Tensor) -> Tensor:
    return torch.to(x, 7)
  def gram(self: __torch__.Kernels,
    sum: Tensor,
    x: Tensor,
    start: int,
    end: int) -> Tensor:
    a = torch.t(torch.slice(x, 1, start, end))
    y = torch.slice(torch.slice(sum, 0, start, end), 1, start, -1)
    return torch.add_(y, torch.mm(a, torch.slice(x, 1, start)))
  def edge(self: __torch__.Kernels,
    sum: Tensor,
    x: Tensor) -> Tensor:
    return torch.add_(torch.select(torch.slice(sum, 0, 0, -1), 1, -1), torch.sum(x, [0]))
  def squares(self: __torch__.Kernels,
    x: Tensor) -> Tensor:
    y = torch.to(x, 7)
    return torch.sum(torch.mul_(y, y), [0])
