import { useEffect, useState } from 'preact/hooks'
import type { Patterns } from '../../ports/patterns.ts'
import { get, pathOf } from '../gateway.ts'
import { READING } from '../words.ts'
import { Card } from './card.tsx'
import { Graph, type Neighbourhood } from './graph.tsx'

/** Pairs whose files are offered while somebody types. */
const OFFERED = 50

type Props = {
  readonly workspace: string
  /** Sessions that have ended so far: what is read together is learned when one does. */
  readonly sessions: number
}

/** The files that are read together with one, as a graph; each of them leads on to its own. */
export function Neighbours(props: Props) {
  const { wish, setWish, offered, file, lacking, trouble, show } = useNeighbourhood(props)
  return (
    <Card
      span={12}
      title="Read together"
      note="The neighbourhood of a file: the nearer and thicker, the more often together."
    >
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault()
          show(wish)
        }}
      >
        <label class="grow">
          <span class="hidden">File</span>
          <input
            value={wish}
            list="offered"
            placeholder="path/of/a/file"
            spellcheck={false}
            onInput={(event) => setWish(event.currentTarget.value)}
          />
        </label>
        <datalist id="offered">
          {offered.map((path) => (
            <option key={path} value={path} />
          ))}
        </datalist>
        <button type="submit">Show</button>
      </form>
      <p role="status" class="answer">
        {trouble}
      </p>
      {file === null ? <p class="empty">{lacking}</p> : <Graph file={file} show={show} />}
    </Card>
  )
}

/** The file that is looked at, beginning with one of the pairs that are read together most often. */
function useNeighbourhood({ workspace, sessions }: Props) {
  const [wish, setWish] = useState('')
  const [offered, setOffered] = useState<readonly string[]>([])
  const [file, setFile] = useState<Neighbourhood | null>(null)
  const [lacking, setLacking] = useState(READING)
  const [trouble, setTrouble] = useState('')
  const show = (path: string) => {
    setWish(path)
    get<Neighbourhood>(`${pathOf(workspace)}/model/files?path=${encodeURIComponent(path)}`).then(
      (found) => {
        setTrouble('')
        setFile(found)
      },
      (cause) => setTrouble(`${cause.message}.`),
    )
  }
  // Of a workspace that is new; later ones would bring little, and the whole model is read for it.
  const newer = file === null ? sessions : null
  useEffect(() => {
    if (newer === null) return
    get<Patterns>(`${pathOf(workspace)}/patterns?limit=${OFFERED}`).then(
      ({ correlations, latest }) => {
        const paths = [...correlations.flatMap(({ path, coFile }) => [path, coFile]), ...(latest[0]?.paths ?? [])]
        setOffered([...new Set(paths)])
        if (paths[0] === undefined) setLacking('No file is learned yet.')
        else if (wish === '') show(paths[0])
      },
      (cause) => setLacking(`${cause.message}.`),
    )
  }, [workspace, newer])
  return { wish, setWish, offered, file, lacking, trouble, show }
}
