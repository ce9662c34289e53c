/**
 * Lint rules `exact/*`: no binary floating point in `audit/` and `datasets/`, and nothing that depends on the machine's
 * language or time zone. Figures there are decimal texts, big integers and fractions (`protocol/rational.ts`), counts
 * are integers (`protocol/integer.ts`).
 *
 * The rules see syntax, not types: what they cannot prove exact they refuse. Plain JavaScript without imports, since
 * oxlint loads it with whichever Node runs oxlint, wherever that is installed.
 */

/** What `Math` may do to integers: each of these gives one of its arguments back, or its sign. */
const INTEGER_MATH = new Set(['abs', 'max', 'min', 'sign'])
/** What may be asked of `Number`. */
const INTEGER_CHECKS = new Set(['isInteger', 'isSafeInteger', 'MAX_SAFE_INTEGER', 'MIN_SAFE_INTEGER'])
const TEXT_PARSERS = new Set(['parseFloat', 'parseInt'])
const FLOAT_TEXTS = new Set(['toFixed', 'toPrecision', 'toExponential'])
const FLOAT_ARRAYS = new Set(['Float16Array', 'Float32Array', 'Float64Array'])
/** Methods of DataView and Buffer. */
const FLOAT_BYTES = /^(?:[gs]etFloat(?:16|32|64)|(?:read|write)(?:Float|Double)[BL]E)$/
const LOCALE_METHODS = /^(?:toLocale[A-Z]\w*|localeCompare)$/
const MACHINE_GLOBALS = new Set(['Intl', 'Date', 'Temporal'])
/** Other ways to the globals that these rules know by name. */
const HIDING_GLOBALS = new Set(['globalThis', 'global', 'eval', 'Function', 'Reflect'])
const ARITHMETIC = new Set(['+', '-', '*', '/', '%', '**', '<<', '>>', '&', '|', '^'])

/** Name of a member or key as far as the text says it: `a.b`, `a['b']`, `{ b }`; else `undefined`. */
function staticName(key, isComputed) {
  if (!isComputed) return key.name ?? key.value
  return key.type === 'Literal' && typeof key.value === 'string' ? key.value : undefined
}

/** True if an identifier names a variable, not a member, a key or a type. */
function isVariable(node) {
  const { parent } = node
  if (parent.type === 'MemberExpression') return parent.object === node || parent.computed
  if (/^(?:Property|PropertyDefinition|MethodDefinition)$/.test(parent.type)) {
    return parent.value === node || parent.computed
  }
  return !parent.type.startsWith('TS') || parent.expression === node
}

/** Visits variables (identifiers that are not members or keys). */
function onVariable(visit) {
  return {
    Identifier(node) {
      if (isVariable(node)) visit(node, node.name)
    },
  }
}

/** Visits each use of a member: `a.b`, `a['b']`, `const { b } = a`. */
function onMember(visit) {
  return {
    MemberExpression(node) {
      visit(node, String(staticName(node.property, node.computed)))
    },
    Property(node) {
      if (node.parent.type === 'ObjectPattern') visit(node, String(staticName(node.key, node.computed)))
    },
  }
}

/** Member that a variable is asked for, as in `Math.max`; `undefined` when it is used in another way. */
function memberOf(node) {
  const { parent } = node
  return parent.type === 'MemberExpression' && parent.object === node
    ? staticName(parent.property, parent.computed)
    : undefined
}

/** The variable that an identifier names; `undefined` for globals. */
function variableOf(identifier, sourceCode) {
  for (let scope = sourceCode.getScope(identifier); scope !== null; scope = scope.upper) {
    const variable = scope.set.get(identifier.name)
    if (variable !== undefined) return variable
  }
  return undefined
}

/** Type that a declaration states for its name, as the name of a syntax node: `TSBigIntKeyword`. */
function statedType(definition) {
  return definition.name.typeAnnotation?.typeAnnotation.type
}

/**
 * True if an expression can only be a big integer: a literal `1n`, `BigInt(x)`, a name that is declared `: bigint` or begins
 * with such a value, or arithmetic with one of these, since mixing a big integer with a number throws.
 */
function isBigint(node, sourceCode) {
  switch (node.type) {
    case 'Literal':
      return typeof node.value === 'bigint'
    case 'CallExpression':
      return node.callee.type === 'Identifier' && node.callee.name === 'BigInt'
    case 'UnaryExpression':
      return node.operator === '-' && isBigint(node.argument, sourceCode)
    case 'BinaryExpression':
      return ARITHMETIC.has(node.operator) && [node.left, node.right].some((side) => isBigint(side, sourceCode))
    case 'Identifier': {
      const [definition] = variableOf(node, sourceCode)?.defs ?? []
      if (definition === undefined) return false
      if (statedType(definition) === 'TSBigIntKeyword') return true
      const { type, init } = definition.node
      return type === 'VariableDeclarator' && init !== null && isBigint(init, sourceCode)
    }
    default:
      return false
  }
}

const noFractionLiteral = {
  create(context) {
    const report = (node) =>
      context.report({
        node,
        message: `${node.raw ?? node.name} is no exact integer: use a text, a bigint or a fraction`,
      })
    return {
      Literal(node) {
        if (typeof node.value !== 'number') return
        const isPlain = /^(?:\d[\d_]*|0[xob][\da-f_]+)$/i.test(node.raw)
        if (!isPlain || !Number.isSafeInteger(node.value)) report(node)
      },
      ...onVariable((node, name) => {
        if (name === 'NaN' || name === 'Infinity') report(node)
      }),
    }
  },
}

const noDivision = {
  create(context) {
    const check = (node) => {
      if (!/^(?:\/|\*\*)=?$/.test(node.operator)) return
      if ([node.left, node.right].some((side) => isBigint(side, context.sourceCode))) return
      const message = `${node.operator} makes floats of numbers: use divideFloor for integers, a rational for figures`
      context.report({ node, message })
    }
    return { BinaryExpression: check, AssignmentExpression: check }
  },
}

const noNumberFromText = {
  create(context) {
    const report = (node, what) =>
      context.report({ node, message: `${what} takes texts that are no integers: use parseInteger or parseDecimal` })
    return {
      UnaryExpression(node) {
        if (node.operator === '+') report(node, 'unary +')
      },
      ...onVariable((node, name) => {
        if (TEXT_PARSERS.has(name) || HIDING_GLOBALS.has(name)) report(node, name)
        if (name === 'Number' && !INTEGER_CHECKS.has(memberOf(node))) report(node, name)
      }),
      ...onMember((node, name) => {
        if (name === 'coerce') report(node, name)
      }),
    }
  },
}

const noFloatMath = {
  create(context) {
    return onVariable((node, name) => {
      if (name !== 'Math' || INTEGER_MATH.has(memberOf(node))) return
      context.report({ node, message: `of Math only ${[...INTEGER_MATH].join(', ')} keep integers exact` })
    })
  },
}

const noFloatText = {
  create(context) {
    return onMember((node, name) => {
      if (FLOAT_TEXTS.has(name)) context.report({ node, message: `${name} rounds: use roundHalfEven or formatDecimal` })
    })
  },
}

const noLocale = {
  create(context) {
    const report = (node, name) =>
      context.report({ node, message: `${name} depends on the machine's language, time zone or clock` })
    return {
      ...onVariable((node, name) => {
        if (MACHINE_GLOBALS.has(name)) report(node, name)
      }),
      ...onMember((node, name) => {
        if (LOCALE_METHODS.test(name)) report(node, name)
      }),
    }
  },
}

const noFloatBytes = {
  create(context) {
    const report = (node, name) => context.report({ node, message: `${name} holds binary floats` })
    return {
      ...onVariable((node, name) => {
        if (FLOAT_ARRAYS.has(name)) report(node, name)
      }),
      ...onMember((node, name) => {
        if (FLOAT_BYTES.test(name)) report(node, name)
      }),
    }
  },
}

/** True if a call is continued by `.int()` somewhere in its chain: `z.number().min(1).int()`. */
function isContinuedByInt(call) {
  for (let node = call; ; node = node.parent.parent) {
    const name = memberOf(node)
    if (name === undefined || node.parent.parent?.type !== 'CallExpression') return false
    if (name === 'int') return true
  }
}

/** True if a parsed value goes straight into a schema, or to where the compiler calls it `unknown`. */
function isChecked(call, sourceCode) {
  const { parent } = call
  switch (parent.type) {
    case 'CallExpression':
      return (
        parent.callee.type === 'MemberExpression' && /^(?:safeP|p)arse$/.test(staticName(parent.callee.property, false))
      )
    case 'VariableDeclarator':
      return isUnknown(parent.id.typeAnnotation)
    case 'AssignmentExpression':
      return parent.operator === '=' && isNamedUnknown(parent.left, sourceCode)
    case 'ReturnStatement':
    case 'ArrowFunctionExpression':
      return isUnknown(functionOf(parent)?.returnType)
    default:
      return false
  }
}

function isUnknown(annotation) {
  return annotation?.typeAnnotation.type === 'TSUnknownKeyword'
}

function functionOf(node) {
  return node === null || /Function/.test(node.type) ? node : functionOf(node.parent)
}

function isNamedUnknown(target, sourceCode) {
  if (target.type !== 'Identifier') return false
  return variableOf(target, sourceCode)?.defs.some((def) => statedType(def) === 'TSUnknownKeyword') === true
}

const noJsonNumber = {
  create(context) {
    return {
      CallExpression(node) {
        if (node.callee.type !== 'MemberExpression' || node.callee.object.type !== 'Identifier') return
        const name = `${node.callee.object.name}.${staticName(node.callee.property, node.callee.computed)}`
        if (name === 'JSON.parse' && node.arguments.length < 2 && !isChecked(node, context.sourceCode)) {
          const message = 'JSON.parse makes floats: give it a reviver, or its result at once to a schema or an unknown'
          context.report({ node, message })
        }
        const isFraction = name === 'z.number' ? !isContinuedByInt(node) : /^z\.(?:float\d+|nan)$/.test(name)
        if (isFraction) context.report({ node, message: `${name} takes fractions: say .int(), or take a text` })
      },
    }
  },
}

export default {
  meta: { name: 'exact' },
  rules: {
    'no-fraction-literal': noFractionLiteral,
    'no-division': noDivision,
    'no-number-from-text': noNumberFromText,
    'no-float-math': noFloatMath,
    'no-float-text': noFloatText,
    'no-locale': noLocale,
    'no-float-bytes': noFloatBytes,
    'no-json-number': noJsonNumber,
  },
}
