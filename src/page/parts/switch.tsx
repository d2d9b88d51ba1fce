import { useRef, useState } from 'preact/hooks'
import { pathOf, post, type Told } from '../gateway.ts'
import { clock } from '../words.ts'

/** The kill switch: always in reach, and asked once more before it stops anything. */
export function Switch({ workspace, told: { status } }: { readonly workspace: string; readonly told: Told }) {
  const [answer, setAnswer] = useState('')
  const question = useRef<HTMLDialogElement>(null)
  const isKnown = status !== undefined
  const own = status?.pauses.find((pause) => pause.workspace === workspace)
  const ofAll = status?.pauses.find((pause) => pause.workspace === null)
  const turn = async (verb: 'pause' | 'resume') => {
    question.current?.close()
    setAnswer('Asking…')
    await post(`${pathOf(workspace)}/${verb}`).then(
      () => setAnswer(''),
      (cause) => setAnswer(`Not done: ${cause.message}.`),
    )
  }
  return (
    <div class="switch">
      <p class={own === undefined && ofAll === undefined ? 'soft' : 'trouble'} role="status">
        {answer}{' '}
        {ofAll !== undefined && `Warming of all workspaces is paused since ${clock(ofAll.sinceMs)} by ${ofAll.by}. `}
        {own === undefined
          ? isKnown && ofAll === undefined && 'Warming of this workspace is on.'
          : `Paused since ${clock(own.sinceMs)} by ${own.by}.`}
      </p>
      {own === undefined ? (
        <button type="button" class="stop" onClick={() => question.current?.showModal()}>
          Pause warming
        </button>
      ) : (
        <button type="button" class="main" onClick={() => turn('resume')}>
          Resume warming
        </button>
      )}
      <dialog ref={question} aria-labelledby="question">
        <h2 id="question">Pause warming of {workspace}?</h2>
        <p>
          Readers go on without it, and what is in the cache stays. Nothing more is warmed until somebody resumes it.
        </p>
        <div class="row">
          <button type="button" onClick={() => question.current?.close()}>
            Leave it on
          </button>
          <button type="button" class="stop" onClick={() => turn('pause')}>
            Pause
          </button>
        </div>
      </dialog>
    </div>
  )
}
