"""Named tuples that kernels hand to each other by their address.

Numba passes a tuple as all that is in it: an array as its seven parts, a tuple of arrays as a hundred numbers, taken
apart and put together again at each call. With an address in its place there is half as much to compile.
"""

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.datamodel import PrimitiveModel
from numba.core.extending import intrinsic, register_model
from numba.core.imputils import lower_getattr_generic
from numba.core.typing.templates import AttributeTemplate, infer_getattr

from tsl.kernels.target import INTERPRETED


class Reference(types.Type):
    """The Numba type of the address of a named tuple, whose fields are its attributes."""

    def __init__(self, referent):
        self.referent = referent
        super().__init__(name=f"Reference({referent})")

    @property
    def key(self):
        """What makes two of these types the same."""
        return self.referent


@register_model(Reference)
class _ReferenceModel(PrimitiveModel):
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, dmm[fe_type.referent].get_value_type().as_pointer())


@infer_getattr
class _Fields(AttributeTemplate):
    key = Reference

    def generic_resolve(self, reference, name):
        named = reference.referent
        return named.types[named.fields.index(name)] if name in named.fields else None


@lower_getattr_generic(Reference)
def _field(context, builder, reference, value, name):
    place = reference.referent.fields.index(name)
    zero = ir.Constant(ir.IntType(32), 0)
    field = builder.load(builder.gep(value, [zero, ir.Constant(ir.IntType(32), place)], inbounds=True))
    kind = reference.referent.types[place]
    if isinstance(kind, types.Array):  # a view that owns nothing, so that nobody counts who uses it
        array = context.make_array(kind)(context, builder, field)
        array.meminfo = ir.Constant(array.meminfo.type, None)
        return array._getvalue()
    return field


@intrinsic
def by_reference(typingctx, named):
    """The address of a copy of a named tuple, to be used until the function that asks for it returns.

    Its arrays stay the caller's.
    """

    def codegen(context, builder, signature, args):
        place = cgutils.alloca_once(builder, args[0].type)
        builder.store(args[0], place)
        return place

    return Reference(named)(named), codegen


if INTERPRETED:

    def by_reference(named):
        """The tuple itself."""
        return named
